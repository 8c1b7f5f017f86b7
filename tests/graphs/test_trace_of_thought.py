import asyncio
import re
from itertools import count

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph

from trace_of_thought import ModelError, build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.state import TraceState
from trace_of_thought.nodes.steps import number_steps
from trace_of_thought.prompts import load_prompts

STEPS = ["Multiply 6 by 7.", "State the product."]


def test_the_result_holds_answer_status_steps_and_usage(teacher, student, problem):
    result = build_trace_of_thought(teacher, student).invoke(problem)
    assert (result["answer"], result["status"], result["steps"]) == ("42", "correct", STEPS)
    text = "6 * 7 = 42\nAnswer: 42"
    assert result["solution"] == text
    assert result["solutions"] == [{"text": text, "answer": "42", "finish_reason": "stop", "step_texts": []}]
    assert (result["verdict"]["status"], result["verdict"]["answer"]) == ("correct", "42")
    assert result["check"]["status"] == "consistent"
    prompts = load_prompts()
    assert teacher.calls == [prompts.fill("decompose", question=problem["question"])]
    assert student.calls == [prompts.fill("solve", question=problem["question"], steps=number_steps(STEPS))]
    assert result["usage"]["teacher"]["calls"] == result["usage"]["student"]["calls"] == 1
    assert result["usage"]["student"]["input_tokens"] == len(student.calls[0].split())
    assert "reference" not in result


def test_the_student_sees_question_and_steps_and_nobody_sees_the_reference(teacher, student):
    build_trace_of_thought(teacher, student).invoke({"question": "What is 6 times 7?", "reference": "31337"})
    assert "1. Multiply 6 by 7.\n2. State the product." in student.calls[0]
    assert not any("31337" in call for call in teacher.calls + student.calls)


@pytest.mark.parametrize("checkpointer", [None, InMemorySaver()])
async def test_every_way_of_calling_gives_the_same(teacher, student, problem, checkpointer):
    graph = build_trace_of_thought(teacher, student, checkpointer=checkpointer)

    def config(thread):
        return {"configurable": {"thread_id": thread}}

    results = [graph.invoke(problem, config("a")), await graph.ainvoke(problem, config("b"))]
    results += await graph.abatch([problem] * 5, [config(f"c{i}") for i in range(5)])
    last = list(graph.stream(problem, config("d"), stream_mode="values"))[-1]
    results.append({key: last[key] for key in results[0]})
    async for update in graph.astream(problem, config("e"), stream_mode="updates"):
        last = update
    assert all(result == results[0] for result in results)
    assert last["verify"]["status"] == "correct"


async def test_tokens_of_the_student_stream(teacher, student, problem):
    graph = build_trace_of_thought(teacher, student)
    pieces = [chunk.text for chunk, meta in graph.stream(problem, stream_mode="messages") if meta["langgraph_node"] == "solve"]
    assert len(pieces) > 3
    assert "".join(pieces) == "6 * 7 = 42\nAnswer: 42"
    apieces = [
        chunk.text async for chunk, meta in graph.astream(problem, stream_mode="messages") if meta["langgraph_node"] == "solve"
    ]
    assert "".join(apieces) == "".join(pieces)


def test_sequential_feeds_results_forward_and_ends_with_the_answer(problem):
    teacher = ScriptedChatModel(script=["1. Take six.\n2. Take seven.\n3. Multiply."])
    student = ScriptedChatModel(script=["six is 6", "seven is 7", "6 * 7 = 42\nAnswer: 42"])
    result = build_trace_of_thought(teacher, student, mode="sequential").invoke(problem)
    assert "with their results:\nnone\n\nNow do only this step, briefly, with its calculation: Take six." in student.calls[0]
    assert "1. Take six.\n   Result: six is 6" in student.calls[1]
    assert "2. Take seven.\n   Result: seven is 7\n3. Multiply." in student.calls[2]
    assert result["status"] == "correct"
    assert result["solutions"][0]["step_texts"] == ["six is 6", "seven is 7", "6 * 7 = 42\nAnswer: 42"]
    assert result["usage"]["student"]["calls"] == 3


def test_samples_go_through_the_steps_apart_from_each_other_and_are_retried(problem):
    teacher, numbers = ScriptedChatModel(script=["1. Take six.\n2. Multiply."]), count(1)

    def answer(prompt):
        if "only this step" in prompt:
            return f"six is {next(numbers)}"
        return "Answer: 42" if "An earlier attempt went wrong" in prompt else "?"

    student = ScriptedChatModel(script=answer)
    result = build_trace_of_thought(teacher, student, mode="sequential", samples=2, max_attempts=2).invoke(problem)
    assert (result["status"], result["attempts"], len(student.calls)) == ("correct", 2, 8)
    for attempt, calls in enumerate((student.calls[2:4], student.calls[6:])):
        assert sorted(re.findall(r"Result: six is (\d)", " ".join(calls))) == [str(2 * attempt + 1), str(2 * attempt + 2)]
    assert all("An earlier attempt went wrong: no final answer" in prompt for prompt in student.calls[4:])
    assert result["usage"]["student"]["calls"] == 8


@pytest.mark.parametrize("call", ["invoke", "ainvoke"])
def test_samples_vote_over_equivalent_answers(teacher, problem, call):
    answers = iter(["Answer: 41", "Answer: 42", "Answer: 84/2"])
    student = ScriptedChatModel(script=lambda prompt: next(answers))
    graph = build_trace_of_thought(teacher, student, samples=3)
    result = graph.invoke(problem) if call == "invoke" else asyncio.run(graph.ainvoke(problem))
    assert result["status"] == "correct"
    assert result["agreement"] == pytest.approx(2 / 3)
    assert len(result["solutions"]) == 3
    assert sorted(options["seed"] for options in student.options) == [0, 1, 2]
    assert all(options["temperature"] > 0 for options in student.options)


def test_wrong_arithmetic_is_retried_without_the_reference(teacher, problem):
    student = ScriptedChatModel(script=["6 * 7 = 41\nAnswer: 41", "6 * 7 = 42\nAnswer: 42"])
    result = build_trace_of_thought(teacher, student, max_attempts=2).invoke(problem)
    assert (result["status"], result["attempts"]) == ("correct", 2)
    assert "An earlier attempt went wrong" in student.calls[1]
    assert result["usage"]["student"]["calls"] == 2


def test_a_wrong_answer_alone_is_no_reason_to_retry(teacher, problem):
    student = ScriptedChatModel(script=["5 * 7 = 35\nAnswer: 35"])
    result = build_trace_of_thought(teacher, student, max_attempts=3).invoke(problem)
    assert (result["status"], result["attempts"]) == ("incorrect", 1)


def test_no_answer_is_retried_at_most_max_attempts(teacher, problem):
    student = ScriptedChatModel(script=lambda prompt: "I do not know.")
    result = build_trace_of_thought(teacher, student, max_attempts=3).invoke(problem)
    assert (result["status"], result["attempts"], len(student.calls)) == ("no_answer", 3, 3)
    assert "no final answer was given" in student.calls[1]


def test_without_a_reference_the_arithmetic_gives_the_status(teacher, student):
    graph = build_trace_of_thought(teacher, student)
    assert graph.invoke({"question": "What is 6 times 7?"})["status"] == "consistent"


def test_self_is_the_student(student, problem):
    model = ScriptedChatModel(script={"Create very short": "1. Multiply 6 by 7.", "": "Answer: 42"})
    result = build_trace_of_thought("self", model).invoke(problem)
    assert (result["status"], len(model.calls)) == ("correct", 2)


def test_a_refusal_is_flagged_and_the_student_gets_the_question_alone(student, problem):
    teacher = ScriptedChatModel(script=["I'm sorry, I can't help with that."])
    result = build_trace_of_thought(teacher, student).invoke(problem)
    assert [flag["kind"] for flag in result["flags"]] == ["refusal", "no_list"]
    assert result["steps"] == []
    assert "steps" not in student.calls[0]


def test_a_leaking_teacher_is_flagged(student, problem):
    teacher = ScriptedChatModel(script=["1. Multiply: 6 * 7 = 42.\n2. State 42."])
    flags = build_trace_of_thought(teacher, student).invoke(problem)["flags"]
    assert {"kind": "answer_in_steps", "detail": "42", "step": 1} in flags
    assert ("computed_result", 0) in {(flag["kind"], flag["step"]) for flag in flags}


def test_a_failing_model_names_role_model_and_problem(student, problem):
    teacher = ScriptedChatModel(script=[TimeoutError("no reply in 120 s")], model_name="big")
    with pytest.raises(ModelError) as caught:
        build_trace_of_thought(teacher, student).invoke(problem)
    assert str(caught.value) == "no reply in 120 s; while asking the teacher 'big' about 'What is 6 times 7?'"
    assert isinstance(caught.value.__cause__, TimeoutError)


async def test_one_failing_problem_leaves_the_others(teacher, problem):
    def answer(prompt):
        if "hard" in prompt:
            raise ConnectionError("the server is gone")
        return "Answer: 42"

    graph = build_trace_of_thought(teacher, ScriptedChatModel(script=answer))
    results = await graph.abatch([problem, {"question": "hard"}, problem], return_exceptions=True)
    assert [isinstance(result, Exception) or result["status"] for result in results] == ["correct", True, "correct"]
    assert "the server is gone" in str(results[1])


@pytest.mark.parametrize("question", ["", "  ", None, 7])
def test_a_missing_question_says_what_to_give(teacher, student, question):
    with pytest.raises(ValueError, match="give a text"):
        build_trace_of_thought(teacher, student).invoke({"question": question})


@pytest.mark.parametrize(
    "options", [{"mode": "both"}, {"samples": 0}, {"samples": 1.5}, {"max_attempts": 0}, {"review": "sometimes"}]
)
def test_a_wrong_option_is_named(teacher, student, options):
    with pytest.raises(ValueError, match=str(next(iter(options.values())))):
        build_trace_of_thought(teacher, student, **options)


def test_a_thread_used_again_starts_afresh(teacher, student, problem, tmp_path):
    with SqliteSaver.from_conn_string(str(tmp_path / "c.sqlite")) as saver:
        graph = build_trace_of_thought(teacher, student, checkpointer=saver)
        config = {"configurable": {"thread_id": "t"}}
        first, second = graph.invoke(problem, config), graph.invoke(problem, config)
    assert first == second


def test_as_a_node_of_a_parent_with_the_same_keys(teacher, student, problem):
    parent = StateGraph(TraceState)
    parent.add_node("solver", build_trace_of_thought(teacher, student))
    parent.add_edge(START, "solver")
    parent.add_edge("solver", END)
    assert parent.compile().invoke(problem)["status"] == "correct"


def test_the_picture_has_the_edges_of_the_design(teacher, student):
    edges = {(edge.source, edge.target) for edge in build_trace_of_thought(teacher, student).get_graph().edges}
    assert edges == {
        ("__start__", "decompose"),
        ("decompose", "review"),
        ("review", "decompose"),
        ("review", "solve"),
        ("solve", "verify"),
        ("verify", "solve"),
        ("verify", "__end__"),
    }


@pytest.mark.parametrize(
    ("returned", "status", "answer"), [("6 * 7", "correct", "42"), ("6 + 7", "incorrect", "13"), ("six", "no_answer", None)]
)
def test_a_program_is_judged_by_its_value_and_its_text_stays_the_students(teacher, problem, returned, status, answer):
    text = f"```python\ndef solution():\n    return {returned}\n```\n"
    result = build_trace_of_thought(teacher, ScriptedChatModel(script=[text]), mode="program").invoke(problem)
    assert (result["status"], result["answer"], result["solution"]) == (status, answer, text)
    assert ("NameError" in result["program"]["error"]) is (answer is None)
    # it was asked for no final line, and its source shows no steps
    assert (result["verdict"]["strict"], result["verdict"]["source"], result["check"]["steps"]) == (None, None, [])


def test_a_retry_tells_the_student_how_its_program_failed(teacher, problem):
    student = ScriptedChatModel(script=["def solution():\n    return six", "def solution():\n    return 42"])
    result = build_trace_of_thought(teacher, student, mode="program", max_attempts=2).invoke(problem)
    assert (result["status"], result["attempts"]) == ("correct", 2)
    assert "the program failed: NameError" in student.calls[1]
