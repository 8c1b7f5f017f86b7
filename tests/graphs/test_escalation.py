"""Ladders: a teacher on demand, asked only where a signal without the reference says so."""

import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

PROBLEM = {"question": "What is 6 times 7?", "reference": "42"}
RIGHT = "```python\ndef solution():\n    return 6 * 7\n```"
BROKEN = "```python\ndef solution():\n    return six * 7\n```"
LADDER = "program_of_thought > program > teacher"


def teacher_of(*replies):
    return ScriptedChatModel(script=list(replies or ["1. Take six.\n2. Multiply by seven.", "6 * 7 = 42\nAnswer: 42"]))


def climb(student, teacher, ladder=LADDER, problem=PROBLEM, **options):
    return build_trace_of_thought(teacher, student, escalate=ladder, **options).invoke(problem)


def test_a_sure_student_asks_nobody():
    teacher = teacher_of()
    result = climb(ScriptedChatModel(script=[RIGHT]), teacher)
    assert (result["status"], result["rung"], result["escalations"]) == ("correct", "program_of_thought", [])
    assert teacher.calls == []
    assert "teacher" not in result["usage"]


def test_a_failed_program_gets_a_plan_and_the_trace_says_why():
    teacher = teacher_of()
    result = climb(ScriptedChatModel(script=[BROKEN, RIGHT]), teacher)
    assert (result["status"], result["rung"], len(teacher.calls)) == ("correct", "program", 1)
    [reached] = result["escalations"]
    assert reached["rung"] == "program"
    assert "NameError" in reached["reason"]
    assert "42" not in reached["reason"]
    assert result["steps"] == ["Take six.", "Multiply by seven."]


def test_the_last_rung_is_the_teacher_s_own_answer():
    teacher = teacher_of()
    result = climb(ScriptedChatModel(script=[BROKEN, BROKEN]), teacher)
    assert (result["status"], result["rung"], len(teacher.calls)) == ("correct", "teacher", 2)
    assert [step["rung"] for step in result["escalations"]] == ["program", "teacher"]
    assert result["usage"]["teacher"]["calls"] == 2
    assert result["usage"]["student"]["calls"] == 2


def test_a_wrong_answer_alone_is_no_reason_to_climb():
    wrong = "```python\ndef solution():\n    return 41\n```"
    result = climb(ScriptedChatModel(script=[wrong]), teacher_of())
    assert (result["status"], result["rung"]) == ("incorrect", "program_of_thought")


@pytest.mark.parametrize(
    ("condition", "replies", "climbs"),
    [
        ("wrong_arithmetic", ["6 * 7 = 41\nAnswer: 41"], True),
        ("wrong_arithmetic", ["6 * 7 = 42\nAnswer: 42"], False),
        ("no_answer", ["I do not know."], True),
        ("no_answer or wrong_arithmetic", ["6 * 7 = 41\nAnswer: 41"], True),
        ("always", ["Answer: 42"], True),
        ("no_majority", ["Answer: 41", "Answer: 42"], True),
        ("no_majority", ["Answer: 41", "Answer: 42", "Answer: 42"], False),
        ("agreement<0.6", ["Answer: 41", "Answer: 42", "Answer: 43"], True),
        ("agreement<0.6", ["Answer: 42", "Answer: 42", "Answer: 43"], False),
    ],
)
def test_conditions(condition, replies, climbs):
    student = ScriptedChatModel(script=replies)
    result = climb(student, teacher_of("6 * 7 = 42\nAnswer: 42"), f"standard > teacher if {condition}", samples=len(replies))
    assert result["rung"] == ("teacher" if climbs else "standard")


def test_without_a_condition_half_of_the_samples_is_no_majority():
    result = climb(
        ScriptedChatModel(script=["Answer: 41", "Answer: 42"]), teacher_of("Answer: 42"), "standard > teacher", samples=2
    )
    assert result["escalations"][0]["reason"] == "no answer has a majority of the 2 solutions"


def test_a_condition_may_be_a_function_of_the_state():
    ladder = ["standard", ("teacher", lambda state: "too short" if len(state["solution"]) < 20 else "")]
    result = climb(ScriptedChatModel(script=["Answer: 41"]), teacher_of("Answer: 42"), ladder)
    assert result["escalations"] == [{"rung": "teacher", "reason": "too short", "answer": "41"}]


@pytest.mark.parametrize(("second", "rung"), [("6 * 7 = 42\nAnswer: 42.0", "chain_of_thought"), ("Answer: 41", "teacher")])
def test_two_ways_that_disagree_climb(second, rung):
    student = ScriptedChatModel(script=["Answer: 42", second])
    teacher = teacher_of("Answer: 42")
    result = climb(student, teacher, "standard > chain_of_thought if always > teacher if differs")
    assert (result["rung"], result["status"]) == (rung, "correct")
    assert result["escalations"][0]["answer"] == "42"


@pytest.mark.parametrize(("third", "rung"), [("Answer: 42.0", "plan_and_solve"), ("Answer: 43", "teacher")])
def test_a_third_way_confirms_the_first_or_climbs(third, rung):
    student = ScriptedChatModel(script=["Answer: 42", "Answer: 41", third])
    ladder = "standard > chain_of_thought if always > plan_and_solve if differs > teacher if differs"
    result = climb(student, teacher_of("Answer: 42"), ladder)
    assert (result["rung"], result["status"]) == (rung, "correct")
    assert result["escalations"][1]["reason"] == "it answers 41, the rungs before 42"


class Probable(ScriptedChatModel):
    """Gives each token of its reply a probability."""

    logprobs: bool = False

    def _reply(self, messages, options):
        message = super()._reply(messages, options)
        tokens = [{"token": word, "logprob": -2.0 if word.strip() == "41" else -0.01} for word in ("Answer:", " ", "41")]
        return AIMessage(message.text, response_metadata={**message.response_metadata, "logprobs": {"content": tokens}})


def test_an_improbable_answer_climbs():
    result = climb(Probable(script=["Answer: 41"]), teacher_of("Answer: 42"), "standard > teacher if probability<0.5")
    assert result["rung"] == "teacher"
    assert "0.14" in result["escalations"][0]["reason"]


@pytest.mark.parametrize("text", ["I do not know.", "```python\ndef solution():\n    return 41\n```"])
def test_a_missing_answer_and_an_improbable_program_climb(text):
    ladder = f"{'program_of_thought' if 'def' in text else 'standard'} > teacher if probability<0.6"
    result = climb(Probable(script=[text]), teacher_of("Answer: 42"), ladder)
    assert result["rung"] == "teacher"
    assert ("0.51" if "def" in text else "no final answer") in result["escalations"][0]["reason"]


def test_a_student_without_probabilities_is_told():
    with pytest.raises(ValueError, match="no log-probabilities"):
        climb(ScriptedChatModel(script=["Answer: 41"]), teacher_of(), "standard > teacher if probability<0.5")


def test_another_question_on_the_same_thread_starts_afresh():
    student = ScriptedChatModel(script=[BROKEN, RIGHT, RIGHT])
    graph = build_trace_of_thought(teacher_of(), student, escalate=LADDER, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    assert graph.invoke(PROBLEM, config)["rung"] == "program"
    second = graph.invoke({"question": "What is 42?", "reference": "42"}, config)
    assert (second["rung"], second["escalations"], second["steps"]) == ("program_of_thought", [], [])
    assert second["usage"]["student"]["calls"] == 1


def test_a_person_may_see_the_steps_of_a_rung():
    student = ScriptedChatModel(script=[BROKEN, RIGHT])
    graph = build_trace_of_thought(
        teacher_of(), student, escalate="program_of_thought > reviewed program", checkpointer=InMemorySaver()
    )
    config = {"configurable": {"thread_id": "t"}}
    assert "__interrupt__" in graph.invoke(PROBLEM, config)
    result = graph.invoke(Command(resume={"type": "approve"}), config)
    assert (result["status"], result["rung"], len(result["reviews"])) == ("correct", "reviewed program", 1)


async def test_it_streams_and_runs_in_async_code():
    graph = build_trace_of_thought(teacher_of(), ScriptedChatModel(script=[BROKEN, RIGHT]), escalate=LADDER)
    nodes = [name async for update in graph.astream(PROBLEM, stream_mode="updates") for name in update]
    assert nodes == ["begin", "solve", "escalate", "decompose", "review", "solve", "escalate", "verify"]


@pytest.mark.parametrize(
    ("ladder", "message"),
    [
        ("standard", "two or more rungs"),
        ("teacher > standard", "begins with the teacher"),
        ("standard > standrad", "'standrad' is unknown"),
        ("standard > teacher if agreement<2", "signal 'agreement<2' is unknown"),
        ("standard > teacher > teacher", "twice"),
        ("standard > reviewed hint", "no steps to review"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused(ladder, message):
    with pytest.raises(ValueError, match=message):
        build_trace_of_thought(teacher_of(), teacher_of(), escalate=ladder)


def test_retries_are_rungs():
    with pytest.raises(ValueError, match="a further rung for each further attempt"):
        build_trace_of_thought(teacher_of(), teacher_of(), escalate=LADDER, max_attempts=2)


@pytest.mark.parametrize(
    ("ladder", "options", "message"),
    [
        (LADDER, {"mode": "program"}, "mode='program' does not apply to a ladder"),
        ("standard > hint > teacher", {"review": "always"}, "has no steps to review"),
        ("standard > teacher", {"structured": True}, "has no steps to ask for as JSON"),
        (LADDER, {"structured": True}, "ScriptedChatModel cannot give"),
    ],
)
def test_options_that_a_ladder_has_no_use_for_are_refused(ladder, options, message):
    with pytest.raises(ValueError, match=message):
        build_trace_of_thought(teacher_of(), teacher_of(), escalate=ladder, **options)
