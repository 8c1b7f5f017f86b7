"""Deciding on the page: names, drafts, undo, several at once, and colleagues who decide meanwhile."""

import html
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from page_client import PageClient, token_of

from trace_of_thought.review import make_app
from trace_of_thought.review.queue.find_items import Counts


def test_the_second_reviewer_is_told_on_the_page(client, pause, queue):
    [number] = pause(1)
    queue.decide(number, "approve", reviewer="bob")
    answer = client.submit(f"/items/{number}", op="approve", step="Mine.", page_token=client.token())
    assert answer.status_code == 409
    assert "bob has decided on p0 already" in answer.text


def test_a_page_outlives_its_server(queue, store, pause):
    [number] = pause(1)
    before = PageClient(make_app(queue)).token()
    again = PageClient(make_app(queue))
    assert again.submit(f"/items/{number}", op="approve", step="x", page_token=before).status_code == 303


def test_names_of_reviewers_are_kept_as_given(client, pause, queue):
    [number] = pause(1)
    client.submit("/reviewer", name="Zoë <b>", back="//evil.example", page_token=client.token())
    client.submit(f"/items/{number}", op="reject", step="x", comment="no", page_token=client.token())
    assert queue.item(number).reviewer == "Zoë <b>"
    assert "Zoë &lt;b&gt;" in client.get("/history").text


def test_others_read_on_while_a_decision_waits_for_the_store(serve, pause, store, queue):
    [number] = pause(1)
    page = serve()
    with httpx.Client(base_url=page.url, headers={"origin": page.url}, timeout=60) as poster, ThreadPoolExecutor(2) as pool:
        form = {"page_token": token_of(poster.get("/").text), "op": "approve", "step": "Do it."}
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


def test_only_what_was_shown_is_approved_with_the_rest(client, pause, queue):
    first, undone, flagged = *pause(2), *pause(1, start=2, steps="1. 6 * 7 = 42.\n2. State it.")
    queue.decide(undone, "approve")
    page = client.get("/").text
    assert "Approve the one without flags" in page
    shown = html.unescape(re.search(r'name="shown" value="([^"]*)"', page)[1])
    queue.undo(undone)
    [later] = pause(1, start=3)
    answer = client.submit("/together", op="rest", shown=shown, page_token=client.token())
    assert answer.headers["location"] == "/?approved=1"
    assert [queue.item(n).state for n in (first, undone, flagged, later)] == ["decided", "waiting", "waiting", "waiting"]
    assert client.submit("/together", op="rest", page_token=client.token()).headers["location"] == "/?approved=0"


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


def test_sending_back_needs_a_comment_and_loses_nothing(client, pause, queue):
    [number] = pause(1)
    answer = client.submit(f"/items/{number}", op="reject", step=["Mine."], comment=" ", page_token=client.token())
    assert (answer.status_code, queue.item(number).state) == (400, "waiting")
    assert "needs a comment" in answer.text
    assert ">\nMine.</textarea>" in answer.text


def test_undo_brings_comment_and_edit_back_into_the_form(client, pause, queue):
    [number] = pause(1)
    client.submit(f"/items/{number}", op="approve", step=["Mine."], comment="leaks", page_token=client.token())
    moved = client.submit(f"/undo/{number}", teacher="planner", page_token=client.token()).headers["location"]
    assert moved == f"/items/{number}?teacher=planner&undone=1"
    page = client.get(moved).text
    assert ">\nMine.</textarea>" in page
    assert ">\nleaks</textarea>" in page
    client.submit(f"/items/{number}", op="reject", step=["Mine, too."], comment="shorter", page_token=client.token())
    client.submit(f"/undo/{number}", page_token=client.token())
    page = client.get(f"/items/{number}").text
    assert ">\nMine, too.</textarea>" in page
    assert ">\nshorter</textarea>" in page


def test_after_a_lost_race_the_edit_is_offered_again(client, pause, queue, resume):
    [number] = pause(1)
    queue.decide(number, {"type": "edit", "args": {"steps": ["Bob's."]}}, reviewer="bob")
    form = {"op": "approve", "step": ["Mine."], "comment": "note", "page_token": client.token()}
    answer = client.submit(f"/items/{number}", **form)
    assert answer.status_code == 409
    assert "<ins>Mine" in answer.text
    assert "Undo bob&#39;s decision and continue with your edit" in answer.text
    client.submit(f"/undo/{number}", page_token=client.token())
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
    client.submit(f"/items/{number}/draft", step=["Ann's."], page_token=client.token())
    assert queue.drafts.get(queue.item(number), "bob").steps == ["Bob's."]
    assert "edit begun" in client.get("/").text
    assert "without flags" not in client.get("/").text


def test_several_items_are_decided_together_with_one_comment(client, pause, queue):
    first, second, third = pause(3)
    form = {"pick": [str(first), str(second)], "comment": " do not compute ", "page_token": client.token()}
    empty = client.submit("/together", op="reject", **form | {"comment": ""})
    assert (empty.status_code, queue.counts().waiting) == (400, 3)
    assert f'value="{first}" aria-label="Select p0" checked' in empty.text
    assert client.submit("/together", op="reject", **form).headers["location"] == "/?rejected=2"
    assert [queue.item(n).comment for n in (first, second)] == ["do not compute"] * 2
    assert queue.item(third).state == "waiting"
    assert queue.counts() == Counts(waiting=1, decided=0, rejected=2)


def test_progress_counts_problems_and_what_the_teacher_changed_is_shown(client, pause, queue, resume):
    from trace_of_thought.models import ScriptedChatModel

    [number] = pause(1)
    queue.decide(number, {"type": "reject", "message": "use words"}, reviewer="bob")
    assert "0 of 1 problem decided, 1 rejected" in client.get("/").text
    resume(ScriptedChatModel(script=lambda prompt: "1. Multiply six by seven.\n2. State the product."))
    queue.refresh()
    [again] = queue.pending()
    assert "0 of 1 problem decided" in client.get("/").text
    page = client.get(f"/items/{again.number}").text
    assert "bob rejected the steps" in page
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
