"use strict";
// Adds to a page that works without it: keys, drafts that survive a restart, and news when items arrive.
const page = document.body.dataset.page, form = document.getElementById("item");
const click = id => document.getElementById(id)?.click();
const typing = () => /^(TEXTAREA|INPUT|SELECT)$/.test(document.activeElement?.tagName ?? "");

function move(by) {
  const links = [...document.querySelectorAll("#queue a")], at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}
function sendBack() {
  const comment = document.getElementById("comment");
  if (comment.value.trim()) click("reject"); else comment.focus();
}
const keys = {
  item: { a: () => click("approve"), e: () => form.querySelector("[name=step]")?.focus(), c: () => document.getElementById("comment")?.focus(),
          r: () => document.getElementById("reject") && sendBack(), s: () => click("next") },
  queue: { o: () => document.querySelector("#queue a")?.click(), j: () => move(1), k: () => move(-1) },
}[page] ?? {};
const everywhere = { u: () => click("undo"), q: () => { location.href = document.querySelector("header nav a").href; } };
document.addEventListener("keydown", event => {
  if (event.key === "Escape" && typing()) document.activeElement.blur();
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) click("approve");
  else if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing()) return;
  else if (keys[event.key] ?? everywhere[event.key]) { (keys[event.key] ?? everywhere[event.key])(); }
  else return;
  event.preventDefault();
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

async function news() {
  try {
    const version = await (await fetch("/version")).text();
    if (version === document.body.dataset.version || !/^[\d-]+$/.test(version)) return;
    const fresh = new DOMParser().parseFromString(await (await fetch(page === "queue" ? location.href : "/")).text(), "text/html");
    const told = fresh.querySelector("h1").textContent;
    document.body.dataset.version = version;
    if (page === "queue" && !document.activeElement.closest("main form")) {
      const at = document.activeElement?.getAttribute("href");
      document.getElementById("main").replaceWith(fresh.getElementById("main"));
      if (at) document.querySelector(`#queue a[href="${CSS.escape(at)}"]`)?.focus();
    }
    document.querySelector(".progress").replaceWith(fresh.querySelector(".progress"));
    document.getElementById("news").textContent = told;
  } catch { /* the server is away: it is asked again */ }
}
setInterval(news, 2000);
document.querySelector(".filters")?.addEventListener("change", event => event.currentTarget.requestSubmit());
