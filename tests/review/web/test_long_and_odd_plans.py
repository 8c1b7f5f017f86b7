"""Plans of any length and with odd or hidden characters, as a browser sends them back."""

import pytest
from page_client import form_of

MANY = "\n".join(f"- Add {n}." for n in range(2100))


LONG = "Prose without a list is one step. " + "é" * 800_000


@pytest.mark.parametrize(
    ("steps", "decision"), [(MANY, "approve"), (LONG, "approve"), (LONG, "reject")], ids=["many", "long", "back"]
)
def test_a_plan_of_any_length_can_be_decided(client, pause, queue, steps, decision, monkeypatch):
    monkeypatch.setattr("trace_of_thought.review.web.editing.MAX_BODY", 100_000)
    [number] = pause(1, steps=steps)
    fields = client.form(f"/items/{number}") | {"comment": "much"}
    assert client.submit(f"/items/{number}/draft", **fields).status_code == 200
    fields = client.form(f"/items/{number}")
    assert fields["comment"] == ["much"]
    assert client.submit(f"/items/{number}", op=decision, **fields).status_code == 303
    item = queue.item(number)
    assert (item.decision, item.comment, item.given_steps) == (decision, "much", item.steps)


def test_a_plan_too_long_to_edit_says_how_to_change_it(client, pause, monkeypatch):
    monkeypatch.setattr("trace_of_thought.review.web.editing.MAX_BODY", 100_000)
    [number] = pause(1, steps=LONG)
    page = client.get(f"/items/{number}").text
    assert "tot review export" in page
    assert page.count(" readonly>") == 1
    assert "Remove step 1" not in page


ODD = "Say\x00 it\u202e.\rTwice\x1b[2J \ud800 \x85end"


def test_an_unchanged_approval_of_odd_characters_is_an_approval(client, pause, queue):
    [number] = pause(1, steps="1. Multiply 6 by 7.\n2. " + ODD.replace("\r", " "))
    page = client.get(f"/items/{number}").text
    assert "Approve all" not in client.get("/").text
    assert client.submit(f"/items/{number}", op="approve", **form_of(page)).status_code == 303
    item = queue.item(number)
    assert (item.decision, item.distance, item.given_steps) == ("approve", 0, item.steps)


def test_an_edit_elsewhere_leaves_odd_characters_as_they_are(client, pause, queue):
    [number] = pause(1, steps="1. Multiply 6 by 7.\n2. " + ODD.replace("\r", " "))
    fields = client.form(f"/items/{number}")
    client.submit(f"/items/{number}", op="approve", **fields | {"step": ["Multiply six by seven.", fields["step"][1]]})
    item = queue.item(number)
    assert (item.decision, item.given_steps[1]) == ("edit", item.steps[1])


def test_hidden_characters_are_never_approved_with_the_rest(client, pause, queue):
    hidden, plain = *pause(1, steps="1. Mul\u200btiply.\n2. State it."), *pause(1, start=1)
    page = client.get("/").text
    assert "Approve the one without flags" in page
    forged = client.submit("/together", op="rest", shown=f"{hidden} {plain}", page_token=client.token())
    assert forged.headers["location"] == "/?approved=1"
    answer = client.submit("/together", op="approve", pick=[str(hidden)], page_token=client.token())
    assert answer.headers["location"] == f"/?approved=0&left={hidden}"
    assert "Open it first" in client.get(answer.headers["location"]).text
    assert queue.item(hidden).state == "waiting"
    assert "‹U+200B›" in client.get(f"/items/{hidden}").text
    answer = client.submit(f"/items/{hidden}", op="clean-0", step=["Mul\u200btiply.", "State it."], page_token=client.token())
    assert queue.drafts.get(queue.item(hidden), "ann").steps == ["Multiply.", "State it."]


def test_a_refusal_is_not_approved_unseen(client, pause, queue):
    [number] = pause(1, steps="I'm sorry, I can't help with that.")
    page = client.get(f"/items/{number}").text
    assert "I&#39;m sorry, I can&#39;t help with that." in page
    assert "Approve without steps" in page
    answer = client.submit(f"/items/{number}", op="approve", page_token=client.token())
    assert (answer.status_code, queue.item(number).state) == (400, "waiting")
    assert "tick that the student" in answer.text
    client.submit("/together", op="approve", pick=[str(number)], page_token=client.token())
    assert queue.item(number).state == "waiting"
    assert client.submit(f"/items/{number}", op="approve", seen="1", page_token=client.token()).status_code == 303
    assert (queue.item(number).decision, queue.item(number).given_steps) == ("approve", [])
