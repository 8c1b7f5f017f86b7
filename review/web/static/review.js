"use strict";
// Adds to a page that works without it: keys, drafts that survive a restart, and news when items arrive or are decided.
const page = document.body.dataset.page, form = document.getElementById("item"), keysDialog = document.getElementById("keys");
const click = id => document.getElementById(id)?.click();
const typing = () => document.activeElement?.matches("textarea, select, input:not([type=checkbox])") ?? false;

// Where one would type: at the end of what is there.
function type(field) {
  field?.focus();
  field?.setSelectionRange?.(field.value.length, field.value.length);
}

function move(by) {
  const links = [...document.querySelectorAll("#queue a")], at = links.indexOf(document.activeElement?.closest("li")?.querySelector("a"));
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}
function select() {
  const row = document.activeElement?.closest("#queue li") ?? document.querySelector("#queue li");
  row?.querySelector("[name=pick]")?.click();
}
const keys = {
  item: { a: () => click("approve"), e: () => type(form.querySelector("[name=step]") ?? document.getElementById("add-first")),
          c: () => type(form.comment), r: () => click("reject"), s: () => click("next"), d: () => click("compare") },
  queue: { o: () => click1("#queue a"), j: () => move(1), k: () => move(-1), x: select },
}[page] ?? {};
const click1 = css => document.querySelector(css)?.click();
const everywhere = { u: () => click("undo"), q: () => { location.href = document.querySelector("header nav a").href; }, "?": () => click("help") };
document.addEventListener("keydown", event => {
  if (keysDialog.open) return;
  if (event.key === "Escape" && typing()) document.activeElement.blur();
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) click("approve");
  else if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing()) return;
  else if (keys[event.key] ?? everywhere[event.key]) { (keys[event.key] ?? everywhere[event.key])(); }
  else return;
  event.preventDefault();
});
const help = document.getElementById("help");
help.hidden = false;
help.addEventListener("click", () => { keysDialog.showModal(); document.getElementById("keys-title").focus(); });

// Sending back needs a comment, by key and by button alike.
for (const sent of [form, document.getElementById("together")]) sent?.addEventListener("submit", event => {
  if (event.submitter?.value !== "reject" || sent.comment.value.trim()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const note = document.getElementById("comment-note");
  note.textContent = "";
  note.textContent = "Sending back needs a comment: what should the teacher change?";
  type(sent.comment);
});

if (form?.querySelector("[name=comment]")) {
  const kept = "draft " + form.dataset.subject;
  const values = () => ({ saved: form.dataset.saved, at: Date.now() / 1000, steps: [...form.querySelectorAll("[name=step]")].map(field => field.value), comment: form.comment.value });
  const note = text => {
    const place = document.getElementById("draft-note"), words = [...place.childNodes].find(node => node.nodeType === Node.TEXT_NODE);
    if (words) words.textContent = text + " "; else place.prepend(text + " ");
  };
  let timer;
  const save = async () => {
    const sent = localStorage.getItem(kept);
    try {
      const reply = await fetch(form.dataset.draft, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (!reply.ok) throw new Error(reply.status);
      form.dataset.saved = await reply.text();
      if (localStorage.getItem(kept) === sent) localStorage.removeItem(kept);
      note("Your unfinished edit is kept.");
    } catch { note("The server is away: your edit is kept in this browser."); timer = setTimeout(save, 2000); }
  };
  form.addEventListener("input", event => {
    event.target.closest(".step")?.classList.add("edited");
    localStorage.setItem(kept, JSON.stringify(values()));
    clearTimeout(timer);
    timer = setTimeout(save, 400);
  });
  form.addEventListener("submit", event => {
    clearTimeout(timer);
    if (event.submitter?.value === "reset") localStorage.removeItem(kept);
  });
  const before = JSON.parse(localStorage.getItem(kept) ?? "null"), fields = form.querySelectorAll("[name=step]");
  const newer = before && (before.saved === form.dataset.saved || before.at > Number(form.dataset.saved));
  if (newer && before.steps.length === fields.length) {
    fields.forEach((field, place) => { field.value = before.steps[place]; field.closest(".step").classList.add("edited"); });
    form.comment.value = before.comment;
    note("Your unfinished edit is here.");
    save();
  }
}

const number = form?.querySelector("[name=comment]") ? form.dataset.number : "";
async function news() {
  try {
    const { version, decided } = await (await fetch("/version?item=" + number)).json();
    if (decided) tellDecided(decided);
    if (version === document.body.dataset.version) return;
    const fresh = new DOMParser().parseFromString(await (await fetch(page === "queue" ? location.href : "/" + location.search)).text(), "text/html");
    const told = fresh.querySelector("h1").textContent;
    document.body.dataset.version = version;
    if (page === "queue" && !typing()) renew(fresh);
    document.querySelector(".progress").replaceWith(fresh.querySelector(".progress"));
    document.getElementById("news").textContent = told;
  } catch { /* the server is away: it is asked again */ }
}
function tellDecided(text) {
  const place = document.getElementById("meanwhile");
  if (place.textContent) return;
  const told = document.createElement("p"), link = document.createElement("a");
  told.className = "warning";
  told.setAttribute("role", "alert");
  link.href = location.pathname + location.search;
  link.textContent = "Show it";
  told.append(text[0].toUpperCase() + text.slice(1) + ". What you typed is kept. ", link);
  place.append(told);
  for (const id of ["approve", "reject"]) document.getElementById(id)?.setAttribute("disabled", "");
}
function renew(fresh) {
  const at = document.activeElement?.closest("li")?.querySelector("a")?.getAttribute("href"), box = document.activeElement?.matches("[name=pick]");
  const picked = new Set([...document.querySelectorAll("[name=pick]:checked")].map(field => field.value)), comment = document.getElementById("together").comment?.value;
  document.getElementById("together").replaceChildren(...fresh.getElementById("together").childNodes);
  document.querySelector("h1").replaceWith(fresh.querySelector("h1"));
  document.title = fresh.title;
  for (const field of document.querySelectorAll("[name=pick]")) field.checked = picked.has(field.value);
  if (comment && document.getElementById("together").comment) document.getElementById("together").comment.value = comment;
  const row = at && document.querySelector(`#queue a[href="${CSS.escape(at)}"]`)?.closest("li");
  row?.querySelector(box ? "[name=pick]" : "a").focus();
  count();
}
function count() {
  const place = document.getElementById("chosen");
  if (place) place.textContent = document.querySelectorAll("[name=pick]:checked").length + " selected";
  for (const id of ["approve-selected", "reject-selected"]) document.getElementById(id)?.toggleAttribute("disabled", !document.querySelector("[name=pick]:checked"));
}
setInterval(news, 1000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) news(); });
document.querySelector(".filters")?.addEventListener("change", event => event.currentTarget.requestSubmit());
document.getElementById("together")?.addEventListener("change", count);
if (page === "queue") count();

// A live region speaks only when its text changes: what the last decision did is put there again, and focus goes to the new page.
const told = document.getElementById("news");
if (told.textContent.trim()) {
  const parts = [...told.childNodes];
  told.replaceChildren();
  setTimeout(() => told.append(...parts), 150);
  if (!document.querySelector("[autofocus]")) document.querySelector("h1").focus();
}
const focused = document.querySelector("textarea[autofocus]");
if (focused) type(focused);
if (document.getElementById("problem") && form?.comment && !form.comment.value.trim() && /comment/.test(document.getElementById("problem").textContent)) type(form.comment);
// The address stays one that can be sent to a colleague.
const address = new URL(location.href);
for (const once of ["decided", "undone", "approved", "rejected", "left", "opened", "focus"]) address.searchParams.delete(once);
history.replaceState(null, "", address);
const link = document.getElementById("link");
link?.addEventListener("click", event => {
  if (!navigator.clipboard) return;
  event.preventDefault();
  navigator.clipboard.writeText(link.href).then(() => { link.textContent = "Link copied"; }, () => { location.href = link.href; });
});
