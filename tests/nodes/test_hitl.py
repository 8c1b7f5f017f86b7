"""The request, and every form of answer, apart from a graph."""

import json
import re

import pytest

from trace_of_thought.nodes.hitl import edit_distance, make_request, read_answer

STATE = {
    "question": "What is 6 times 7?",
    "problem_id": "p1",
    "steps": ["6 * 7 = 42.", "Say it."],
    "flags": [{"kind": "computed_result", "detail": "42", "step": 0}, {"kind": "truncated", "detail": "length", "step": None}],
}


def test_the_reason_is_part_of_the_request():
    [action] = make_request(STATE)["action_requests"]
    assert action["args"]["flags"] == STATE["flags"]
    assert "- computed_result: 42 (step 1)\n- truncated: length" in action["description"]


def test_a_note_may_go_with_an_approval():
    for key in ("message", "comment", "note"):
        record, steps = read_answer({"type": "approve", key: "fine"}, STATE["steps"])
        assert (record["decision"], record["comment"], steps) == ("approve", "fine", STATE["steps"])


def test_the_original_steps_stay_beside_the_edited_ones():
    answer = {"decisions": [{"type": "edit", "args": {"steps": ["Multiply."]}}], "reviewer": "ann", "seconds": 7}
    record, steps = read_answer(answer, STATE["steps"])
    assert (record["steps"], steps) == (STATE["steps"], ["Multiply."])
    assert (record["reviewer"], record["seconds"], record["edit_distance"]) == ("ann", 7.0, 8)


def agent_chat_ui(steps):
    """Agent Chat UI edits every argument as text, and sends text."""
    args = {name: json.dumps(value) for name, value in {**STATE, "steps": steps}.items()}
    return {"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": args}}]}


def agent_inbox(steps):
    return [{"type": "edit", "args": {"action": "review_steps", "args": {"steps": "\n".join(steps)}}}]


def studio(steps):
    return json.dumps({"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": {"steps": steps}}}]})


@pytest.mark.parametrize("program", [agent_chat_ui, agent_inbox, studio])
def test_edits_of_other_programs_are_read(program):
    assert read_answer(program(["Take six.", "Seven times."]), STATE["steps"])[1] == ["Take six.", "Seven times."]


@pytest.mark.parametrize(
    "reply", [[{"type": "ignore", "args": None}], [{"type": "response", "args": "no"}], {"type": "reject"}]
)
def test_rejections_of_other_programs_are_read(reply):
    assert read_answer(reply, STATE["steps"])[0]["decision"] == "reject"


def test_a_rejection_is_refused_where_the_teacher_may_not_be_asked_again():
    with pytest.raises(ValueError, match="approve or edit"):
        read_answer({"type": "reject"}, STATE["steps"], may_reject=False)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (None, "the answer 'None' is not a decision; give {'decisions'"),
        ({}, "decision type None is unknown; use approve, edit or reject"),
        ([], "the answer has 0 decisions; give one"),
        ({"type": "respond", "message": "42"}, "'respond' would answer in place of the teacher; use edit to give steps"),
        ("{", "the answer is not valid JSON: Expecting"),
        ({"type": "edit"}, "an edit needs args {'steps': [text, ...]}, not 'None'"),
        ({"type": "edit", "args": {"steps": 7}}, "an edit needs args {'steps': [text, ...]}, not '7'"),
        ({"type": "edit", "args": {"steps": [" "]}}, "the edited list has no steps; give at least one, or reject"),
        ("[" * 100_000, "the answer is not valid JSON: maximum recursion"),
    ],
)
def test_what_cannot_be_read_says_why(answer, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        read_answer(answer, STATE["steps"])


def test_the_edit_distance_counts_words():
    assert edit_distance(["Add 6 and 7."], ["Add 6 and 7."]) == 0
    assert edit_distance(["Add 6 and 7."], ["Multiply 6 and 7."]) == 1
    assert edit_distance(["a b"], ["a b", "c"]) == 2
    assert edit_distance(["x " * 100_000], ["y " * 100_000]) == 100_000


def test_an_edit_that_changes_nothing_is_an_approval():
    odd = [" Say\u202e it. ", "Line\r\nbreak\0"]
    record, steps = read_answer({"type": "edit", "args": {"steps": odd}, "message": "fine"}, odd)
    assert (record["decision"], record["edit_distance"], record["comment"], steps) == ("approve", 0, "fine", odd)


def test_a_refusal_is_shown_and_hidden_text_has_marks():
    state = {"question": "What\u202e?", "steps": [], "decomposition": "I can't\x1b[2J help.", "flags": []}
    [action] = make_request(state)["action_requests"]
    assert action["args"]["reply"] == state["decomposition"]
    assert "I can't‹U+001B›[2J help." in action["description"]
    assert "What‹U+202E›?" in action["description"]
