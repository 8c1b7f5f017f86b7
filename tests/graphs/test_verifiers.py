"""A verifier brings its own extractor: votes and retries use it; what is no verifier is refused when the graph is built."""

import pytest

from trace_of_thought import build_baseline, build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.verification import Verdict, choice

QUESTION = {"question": "Which is prime? (A) 21 (B) 23 (C) 25", "reference": "B"}
TEACHER = ["1. Look for factors.\n2. Name the letter."]


def test_votes_use_the_verifiers_extractor():
    student = ScriptedChatModel(script=["21 is 3 * 7, 23 has no factors: **B**", "It is 25, so C.", "The answer is (B) 23."])
    graph = build_trace_of_thought(ScriptedChatModel(script=TEACHER), student, verifier=choice, samples=3)
    result = graph.invoke(QUESTION)
    assert [solution["answer"] for solution in result["solutions"]] == ["B", "C", "B"]
    assert (result["status"], result["answer"]) == ("correct", "B")
    assert result["agreement"] == pytest.approx(2 / 3)


def test_a_retry_keeps_a_first_answer_that_the_verifier_reads():
    def colour(response, reference, *, question=None):
        word = response.rstrip(".").split()[-1]
        return Verdict("correct" if word == reference else "incorrect", word)

    student = ScriptedChatModel(script=["The sky looks blue.", "It may be grey."])
    graph = build_baseline("standard", student, verifier=colour, max_attempts=2)
    result = graph.invoke({"question": "What colour is the sky?", "reference": "blue"})
    assert (result["status"], result["answer"], result["attempts"]) == ("correct", "blue", 1)


def test_a_function_without_a_question_that_returns_a_bool_will_do():
    graph = build_baseline("standard", ScriptedChatModel(script=["Answer: blue"]), verifier=lambda given, right: right in given)
    result = graph.invoke({"question": "What colour is the sky?", "reference": "blue"})
    assert (result["status"], result["answer"]) == ("correct", "blue")


@pytest.mark.parametrize(
    ("verifier", "error", "message"),
    [
        (7, TypeError, "verifier=7 is no verifier: it cannot be called"),
        (
            "numeric",
            TypeError,
            "verifier='numeric' is no verifier: it is a name; .* imported from trace_of_thought.verification",
        ),
        (lambda response: True, TypeError, "cannot be called as"),
        (lambda response, reference: 0.5, TypeError, "returned 0.5"),
        (lambda response, reference: 1 / 0, ValueError, "raised ZeroDivisionError"),
    ],
)
def test_what_is_no_verifier_is_refused_when_the_graph_is_built(verifier, error, message):
    student = ScriptedChatModel(script=["Answer: blue"])
    with pytest.raises(error, match=message):
        build_baseline("standard", student, verifier=verifier)
    with pytest.raises(error, match=message):
        build_trace_of_thought(ScriptedChatModel(script=TEACHER), student, verifier=verifier)
