"""What the page refuses, and what it shows of hostile text."""

import html
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi.testclient import TestClient

from trace_of_thought.review import make_app, open_queue
from trace_of_thought.review.queue.find_items import Counts
from trace_of_thought.review.web.mathematics import mathml, render_mathematics
from trace_of_thought.review.web.serving import serve as serve_page

ORIGIN = {"origin": "http://127.0.0.1:8765", "host": "127.0.0.1:8765"}


@pytest.fixture
def client(queue):
    return TestClient(make_app(queue, reviewer="ann"), base_url="http://127.0.0.1:8765", follow_redirects=False)


def token(client, path="/"):
    return re.search(r'name="page_token" value="(\w+)"', client.get(path).text)[1]


def post(client, path, headers=ORIGIN, **fields):
    return client.post(path, data=fields, headers=headers)


def test_a_post_needs_the_token_of_the_page(client, pause, queue):
    [number] = pause(1)
    assert post(client, f"/items/{number}", op="approve", step="x").status_code == 403
    assert post(client, f"/items/{number}", op="approve", step="x", page_token="0" * 64).status_code == 403
    assert queue.item(number).state == "waiting"
    good = post(client, f"/items/{number}", op="approve", step="Do it.", page_token=token(client))
    assert (good.status_code, queue.item(number).decision) == (303, "edit")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", None])
def test_a_post_from_another_origin_is_refused(client, pause, queue, origin):
    [number] = pause(1)
    headers = {"origin": origin} if origin else {}
    answer = post(client, f"/items/{number}", headers=headers, op="approve", step="x", page_token=token(client))
    assert (answer.status_code, queue.item(number).state) == (403, "waiting")


def test_another_host_name_is_refused_as_in_dns_rebinding(client):
    assert client.get("/", headers={"host": "evil.example:8765"}).status_code == 421
    assert client.get("/", headers={"host": "localhost:8765"}).status_code == 200


def test_off_loopback_it_needs_a_token(queue):
    with pytest.raises(ValueError, match="--token"):
        serve_page(queue, host="0.0.0.0", port=0, tell=print)
    app = make_app(queue, token="s3cret")
    client = TestClient(app, base_url="http://review.example", follow_redirects=False)
    assert client.get("/").status_code == 401
    assert client.get("/?token=wrong").status_code == 401
    shown = client.get("/?token=s3cret")
    assert shown.status_code == 303
    assert "HttpOnly" in shown.headers["set-cookie"]
    assert "samesite=strict" in shown.headers["set-cookie"].lower()
    assert client.get("/").status_code == 200
    later = TestClient(make_app(queue, token="another"), base_url="http://review.example", cookies=client.cookies)
    assert later.get("/").status_code == 401


def test_the_second_reviewer_is_told_on_the_page(client, pause, queue):
    [number] = pause(1)
    queue.decide(number, "approve", reviewer="bob")
    answer = post(client, f"/items/{number}", op="approve", step="Mine.", page_token=token(client))
    assert answer.status_code == 409
    assert "bob has decided on p0 already" in answer.text


def test_a_page_outlives_its_server(queue, store, pause):
    [number] = pause(1)
    before = token(TestClient(make_app(queue), base_url="http://127.0.0.1:8765"))
    again = TestClient(make_app(queue), base_url="http://127.0.0.1:8765", follow_redirects=False)
    assert post(again, f"/items/{number}", op="approve", step="x", page_token=before).status_code == 303


def test_a_page_of_another_store_is_refused(client, queue, pause, tmp_path):
    [number] = pause(1)
    other = open_queue(tmp_path / "other.sqlite")
    foreign = token(TestClient(make_app(other), base_url="http://127.0.0.1:8765"))
    other.close()
    assert post(client, f"/items/{number}", op="approve", step="x", page_token=foreign).status_code == 403
    assert queue.item(number).state == "waiting"


def test_names_of_reviewers_are_kept_as_given(client, pause, queue):
    [number] = pause(1)
    post(client, "/reviewer", name="Zoë <b>", back="//evil.example", page_token=token(client))
    post(client, f"/items/{number}", op="reject", step="x", comment="no", page_token=token(client))
    assert queue.item(number).reviewer == "Zoë <b>"
    assert "Zoë &lt;b&gt;" in client.get("/history").text


def test_the_way_back_stays_on_the_page(client):
    assert post(client, "/reviewer", name="x", back="//evil.example", page_token=token(client)).headers["location"] == "/"


def test_too_long_a_post_is_refused(client):
    answer = post(client, "/items/1", op="x" * 5_000_000)
    assert (answer.status_code, answer.text) == (413, "this is too long: a form may have 4,000,000 bytes")


def test_others_read_on_while_a_decision_waits_for_the_store(serve, pause, store, queue):
    [number] = pause(1)
    page = serve()
    with httpx.Client(base_url=page.url, headers={"origin": page.url}, timeout=60) as poster, ThreadPoolExecutor(2) as pool:
        form = {"page_token": token(poster), "op": "approve", "step": "Do it."}
        with sqlite3.connect(store) as other:
            other.execute("begin immediate")
            posts = [pool.submit(poster.post, f"/items/{number}{path}", data=form) for path in ("", "/draft")]
            for _ in range(5):
                time.sleep(0.1)
                assert httpx.get(page.url + "/history", timeout=10).status_code == 200
            assert not any(post.done() for post in posts)
            other.rollback()
        assert [post.result().status_code for post in posts] == [303, 200]
    assert queue.item(number).state == "decided"


FIELD = re.compile(
    r'<(?:input type="hidden"|textarea[^>]*?) name="(\w+)"(?: value="([^"]*)">|[^>]*>\n(.*?)</textarea>)', re.DOTALL
)


def sent_by_a_browser(page):
    """Return the fields of an item's form, as a browser sends them."""
    fields = {}
    for name, value, text in FIELD.findall(page[page.index('id="item"') : page.index("<footer>")]):
        fields.setdefault(name, []).append(html.unescape(value or text))
    return fields


MANY = "\n".join(f"- Add {n}." for n in range(2100))
LONG = "Prose without a list is one step. " + "é" * 800_000


@pytest.mark.parametrize(
    ("steps", "decision"), [(MANY, "approve"), (LONG, "approve"), (LONG, "reject")], ids=["many", "long", "back"]
)
def test_a_plan_of_any_length_can_be_decided(client, pause, queue, steps, decision, monkeypatch):
    monkeypatch.setattr("trace_of_thought.review.web.editing.MAX_BODY", 100_000)
    [number] = pause(1, steps=steps)
    fields = sent_by_a_browser(client.get(f"/items/{number}").text) | {"comment": "much"}
    assert post(client, f"/items/{number}/draft", **fields).status_code == 200
    fields = sent_by_a_browser(client.get(f"/items/{number}").text)
    assert fields["comment"] == ["much"]
    assert post(client, f"/items/{number}", op=decision, **fields).status_code == 303
    item = queue.item(number)
    assert (item.decision, item.comment, item.given_steps) == (decision, "much", item.steps)


def test_a_plan_too_long_to_edit_says_how_to_change_it(client, pause, monkeypatch):
    monkeypatch.setattr("trace_of_thought.review.web.editing.MAX_BODY", 100_000)
    [number] = pause(1, steps=LONG)
    page = client.get(f"/items/{number}").text
    assert "tot review export" in page
    assert page.count(" readonly>") == 1
    assert "Remove step 1" not in page


def test_only_what_was_shown_is_approved_with_the_rest(client, pause, queue):
    first, undone, flagged = *pause(2), *pause(1, start=2, steps="1. 6 * 7 = 42.\n2. State it.")
    queue.decide(undone, "approve")
    page = client.get("/").text
    assert "Approve the one without flags" in page
    shown = html.unescape(re.search(r'name="shown" value="([^"]*)"', page)[1])
    queue.undo(undone)
    [later] = pause(1, start=3)
    answer = post(client, "/together", op="rest", shown=shown, page_token=token(client))
    assert answer.headers["location"] == "/?approved=1"
    assert [queue.item(n).state for n in (first, undone, flagged, later)] == ["decided", "waiting", "waiting", "waiting"]
    assert post(client, "/together", op="rest", page_token=token(client)).headers["location"] == "/?approved=0"


def test_unknown_items_are_not_found(client):
    assert client.get("/items/99").status_code == 404
    assert client.get("/items/99999999999999999999").status_code == 404


def test_headers_fence_the_page_in(client):
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_mathematics_becomes_mathml_and_prices_stay():
    assert "<mfrac>" in render_mathematics(r"What is $\frac{1}{2}$?")
    assert "<msup>" in render_mathematics(r"\(x^2\)")
    assert render_mathematics("She pays $2 per egg and $3 for milk.") == "She pays $2 per egg and $3 for milk."
    assert "<math" not in render_mathematics('[asy] label("$x^2$"); [/asy]')


HOSTILE_FORMULAS = [
    r"\href{javascript:alert(1)}{x}",
    r"\text{<script>alert(1)</script>}",
    r"<img src=x onerror=alert(1)>",
    r"\class{x}{y}\style{background:url(http://evil)}{z}",
    "{" * 500,
    "\\frac" * 100,
    r"\color{red\" onload=\"x}{y}",
    "\x00\x1b]0;x\x07",
    "x_" * 290,
]


@pytest.mark.parametrize("formula", HOSTILE_FORMULAS)
def test_a_hostile_formula_is_text(formula):
    shown = str(render_mathematics(f"\\({formula}\\) end"))
    assert not re.search(r"<(?!/?m[a-z]+[ >])", shown)
    assert not re.search(r"<[^>]*(?:on\w+=|href|style=|src=)", shown)
    assert shown.endswith("end")


def test_output_of_the_converter_is_rebuilt_from_an_allow_list():
    made = str(mathml(r"\mathrm{\color{red}{x}}^2", False))
    assert "mathcolor" not in made
    assert "style=" not in made


@pytest.mark.parametrize("path", ["/items/99", "/items/99999999999999999999999", "/items/abc", "/nowhere"])
def test_an_address_that_leads_nowhere_is_a_page_with_a_way_back(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert 'class="button" href="/"' in answer.text
    assert "SQLite" not in answer.text


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5000, "-1", "x"])
def test_what_is_no_number_of_a_step_is_passed_over(client, pause, queue, number):
    [item] = pause(1)
    assert client.get(f"/items/{item}", params={"focus": number}).status_code == 200
    answer = post(client, f"/items/{item}", op=f"add-{number}", step=["one", "two"], page_token=token(client))
    assert answer.status_code == 303
    assert queue.drafts.get(queue.item(item), "ann").steps == ["one", "two", ""]
    assert post(client, "/undo/" + "9" * 30, page_token=token(client)).status_code == 404


def test_an_address_that_tells_of_no_decision_still_opens(client):
    assert client.get("/?decided=99999999999999999999999&approved=<b>").status_code == 200


def luminance(color):
    full = color if len(color) == 7 else "#" + "".join(2 * digit for digit in color[1:])
    parts = [int(full[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_contrast_meets_wcag_aa(client, theme):
    colors = dict(
        re.findall(r"--([\w-]+): (#\w+)", re.findall(r":root \{(.*?)\}", client.get("/static/review.css").text)[theme])
    )

    def contrast(one, other):
        low, high = sorted((luminance(colors[one]), luminance(colors[other])))
        return (high + 0.05) / (low + 0.05)

    texts = [(ink, page) for ink in ("text", "soft", "link") for page in ("page", "card")]
    texts += [("flag", "flag-page"), ("on-main", "main"), ("text", "mark")]
    assert {pair: contrast(*pair) for pair in texts if contrast(*pair) < 4.5} == {}
    controls = [("edge", "page"), ("edge", "card"), ("main", "page")]
    assert {pair: contrast(*pair) for pair in controls if contrast(*pair) < 3} == {}


@pytest.mark.parametrize("secret", ["a b&c=d#e?f/%2F+é☃", "x" * 200, "'\"<>\\", "++", "%41"])
def test_a_token_of_any_characters_gives_a_link_that_works(queue, secret, monkeypatch):
    told = []
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: [each.close() for each in sockets])
    serve_page(queue, host="127.0.0.1", port=0, token=secret, tell=told.append)
    link = re.search(r"(http\S+)", told[0])[1]
    client = TestClient(make_app(queue, token=secret), base_url="http://review.example", follow_redirects=False)
    answer = client.get(re.sub(r"^http://[^/]+", "", link))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200


def test_a_link_with_a_token_leads_to_its_item_with_its_filters(queue, pause):
    [number] = pause(1)
    client = TestClient(make_app(queue, token="t"), base_url="http://review.example", follow_redirects=False)
    answer = client.get(f"/items/{number}?token=t&teacher=a+b")
    assert answer.headers["location"] == f"/items/{number}?teacher=a+b"
    assert client.get("http://review.example//evil.example/x?token=t").headers["location"] == "/evil.example/x"


def test_a_token_that_is_no_text_is_refused(queue):
    with pytest.raises(ValueError, match="not text"):
        serve_page(queue, host="127.0.0.1", port=0, token="x\udcff", tell=print)


ODD = "Say\x00 it\u202e.\rTwice\x1b[2J \ud800 \x85end"


def test_an_unchanged_approval_of_odd_characters_is_an_approval(client, pause, queue):
    [number] = pause(1, steps="1. Multiply 6 by 7.\n2. " + ODD.replace("\r", " "))
    page = client.get(f"/items/{number}").text
    assert "Approve all" not in client.get("/").text
    assert post(client, f"/items/{number}", op="approve", **sent_by_a_browser(page)).status_code == 303
    item = queue.item(number)
    assert (item.decision, item.distance, item.given_steps) == ("approve", 0, item.steps)


def test_an_edit_elsewhere_leaves_odd_characters_as_they_are(client, pause, queue):
    [number] = pause(1, steps="1. Multiply 6 by 7.\n2. " + ODD.replace("\r", " "))
    fields = sent_by_a_browser(client.get(f"/items/{number}").text)
    post(client, f"/items/{number}", op="approve", **fields | {"step": ["Multiply six by seven.", fields["step"][1]]})
    item = queue.item(number)
    assert (item.decision, item.given_steps[1]) == ("edit", item.steps[1])


def test_hidden_characters_are_never_approved_with_the_rest(client, pause, queue):
    hidden, plain = *pause(1, steps="1. Mul\u200btiply.\n2. State it."), *pause(1, start=1)
    page = client.get("/").text
    assert "Approve the one without flags" in page
    forged = post(client, "/together", op="rest", shown=f"{hidden} {plain}", page_token=token(client))
    assert forged.headers["location"] == "/?approved=1"
    answer = post(client, "/together", op="approve", pick=[str(hidden)], page_token=token(client))
    assert answer.headers["location"] == f"/?approved=0&left={hidden}"
    assert "Open it first" in client.get(answer.headers["location"]).text
    assert queue.item(hidden).state == "waiting"
    assert "‹U+200B›" in client.get(f"/items/{hidden}").text
    answer = post(client, f"/items/{hidden}", op="clean-0", step=["Mul\u200btiply.", "State it."], page_token=token(client))
    assert queue.drafts.get(queue.item(hidden), "ann").steps == ["Multiply.", "State it."]


def test_a_refusal_is_not_approved_unseen(client, pause, queue):
    [number] = pause(1, steps="I'm sorry, I can't help with that.")
    page = client.get(f"/items/{number}").text
    assert "I&#39;m sorry, I can&#39;t help with that." in page
    assert "Approve without steps" in page
    answer = post(client, f"/items/{number}", op="approve", page_token=token(client))
    assert (answer.status_code, queue.item(number).state) == (400, "waiting")
    assert "tick that the student" in answer.text
    post(client, "/together", op="approve", pick=[str(number)], page_token=token(client))
    assert queue.item(number).state == "waiting"
    assert post(client, f"/items/{number}", op="approve", seen="1", page_token=token(client)).status_code == 303
    assert (queue.item(number).decision, queue.item(number).given_steps) == ("approve", [])


def test_sending_back_needs_a_comment_and_loses_nothing(client, pause, queue):
    [number] = pause(1)
    answer = post(client, f"/items/{number}", op="reject", step=["Mine."], comment=" ", page_token=token(client))
    assert (answer.status_code, queue.item(number).state) == (400, "waiting")
    assert "needs a comment" in answer.text
    assert ">\nMine.</textarea>" in answer.text


def test_undo_brings_comment_and_edit_back_into_the_form(client, pause, queue):
    [number] = pause(1)
    post(client, f"/items/{number}", op="approve", step=["Mine."], comment="leaks", page_token=token(client))
    moved = post(client, f"/undo/{number}", teacher="planner", page_token=token(client)).headers["location"]
    assert moved == f"/items/{number}?teacher=planner&undone=1"
    page = client.get(moved).text
    assert ">\nMine.</textarea>" in page
    assert ">\nleaks</textarea>" in page
    post(client, f"/items/{number}", op="reject", step=["Mine, too."], comment="shorter", page_token=token(client))
    post(client, f"/undo/{number}", page_token=token(client))
    page = client.get(f"/items/{number}").text
    assert ">\nMine, too.</textarea>" in page
    assert ">\nshorter</textarea>" in page


def test_after_a_lost_race_the_edit_is_offered_again(client, pause, queue, resume):
    [number] = pause(1)
    queue.decide(number, {"type": "edit", "args": {"steps": ["Bob's."]}}, reviewer="bob")
    form = {"op": "approve", "step": ["Mine."], "comment": "note", "page_token": token(client)}
    answer = post(client, f"/items/{number}", **form)
    assert answer.status_code == 409
    assert "<ins>Mine" in answer.text
    assert "Undo bob&#39;s decision and continue with your edit" in answer.text
    post(client, f"/undo/{number}", page_token=token(client))
    assert ">\nMine.</textarea>" in client.get(f"/items/{number}").text
    assert queue.drafts.get(queue.item(number), "bob").steps == ["Bob's."]
    queue.decide(number, "approve", reviewer="bob")
    resume()
    page = client.get(f"/items/{number}").text
    assert "A run has already used the decision" in page
    assert "<ins>Mine" in page


def test_colleagues_do_not_type_over_each_other(client, pause, queue):
    [number] = pause(1)
    queue.drafts.save(queue.item(number), ["Bob's."], "", "bob")
    post(client, f"/items/{number}/draft", step=["Ann's."], page_token=token(client))
    assert queue.drafts.get(queue.item(number), "bob").steps == ["Bob's."]
    assert "edit begun" in client.get("/").text
    assert "without flags" not in client.get("/").text


def test_several_items_are_decided_together_with_one_comment(client, pause, queue):
    first, second, third = pause(3)
    form = {"pick": [str(first), str(second)], "comment": " do not compute ", "page_token": token(client)}
    empty = post(client, "/together", op="reject", **form | {"comment": ""})
    assert (empty.status_code, queue.counts().waiting) == (400, 3)
    assert f'value="{first}" aria-label="Select p0" checked' in empty.text
    assert post(client, "/together", op="reject", **form).headers["location"] == "/?sent_back=2"
    assert [queue.item(n).comment for n in (first, second)] == ["do not compute"] * 2
    assert queue.item(third).state == "waiting"
    assert queue.counts() == Counts(waiting=1, decided=0, sent_back=2)


def test_progress_counts_problems_and_what_the_teacher_changed_is_shown(client, pause, queue, resume):
    from trace_of_thought.models import ScriptedChatModel

    [number] = pause(1)
    queue.decide(number, {"type": "reject", "message": "use words"}, reviewer="bob")
    assert "0 of 1 problem decided, 1 sent back" in client.get("/").text
    resume(ScriptedChatModel(script=lambda prompt: "1. Multiply six by seven.\n2. State the product."))
    queue.refresh()
    [again] = queue.pending()
    assert "0 of 1 problem decided" in client.get("/").text
    page = client.get(f"/items/{again.number}").text
    assert "bob sent the steps back" in page
    assert '<td dir="auto">Multiply <del>6</del> by <del>7</del>.</td>' in page
    assert "use words" in page


def test_an_open_page_is_told_who_decided_meanwhile(client, pause, queue):
    [number] = pause(1)
    before = client.get(f"/version?item={number}").json()
    assert before["decided"] == ""
    queue.decide(number, "approve", reviewer="bob")
    after = client.get(f"/version?item={number}").json()
    assert after["decided"].startswith("bob has decided on p0 already (approve")
    assert after["version"] != before["version"]


def test_filters_stay_in_the_address(client, pause):
    pause(2)
    page = client.get("/history?teacher=planner&flag=none").text
    assert 'href="/?teacher=planner&amp;flag=none"' in page
    assert re.search(r'href="/history\?teacher=planner&amp;flag=none"', page)
    assert 'name="back" value="/history?teacher=planner&amp;flag=none"' in page
    assert "(none waits)" in client.get("/?teacher=nobody").text


def test_a_trace_leads_to_its_review_and_back(client, pause, tmp_path, monkeypatch):
    from trace_of_thought.tracking.store.outbox import Outbox

    monkeypatch.setenv("TOT_HOME", str(tmp_path))
    first, second, third = pause(3)
    assert client.get("/find?thread=t1").headers["location"] == f"/items/{second}"
    assert "no review in this store" in client.get("/find?thread=nobody").text
    outbox = Outbox(tmp_path / "outbox.sqlite")
    page = "http://mlflow.example/#/experiments/1/traces?selectedEvaluationId=tr-1&x=<b>"
    for thread, address in (("t0", page), ("t1", None), ("t2", "javascript:alert(1)")):
        outbox.pause(thread, {"trace_id": "tr-1", "page": address})
    outbox.close()
    assert 'selectedEvaluationId=tr-1&amp;x=&lt;b&gt;" id="trace"' in client.get(f"/items/{first}").text
    assert '<span id="trace">trace tr-1</span>' in client.get(f"/items/{second}").text
    assert "javascript:" not in client.get(f"/items/{third}").text
