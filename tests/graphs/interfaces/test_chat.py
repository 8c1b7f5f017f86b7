"""The graph as a chat: messages in and out, paused and resumed, one problem a turn."""

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from trace_of_thought import as_chat, build_baseline, build_trace_of_thought
from trace_of_thought.graphs.build import build_graph
from trace_of_thought.models import ScriptedChatModel

THREAD = {"configurable": {"thread_id": "t"}}


@pytest.fixture
def student():
    return ScriptedChatModel(script=lambda prompt: "7 * 7 = 49\nAnswer: 49" if "7 * 7" in prompt else "6 * 7 = 42\nAnswer: 42")


@pytest.fixture
def teacher():
    return ScriptedChatModel(script=lambda prompt: "1. Multiply.\n2. State the product.")


def test_the_last_human_message_is_the_problem(student):
    chat = as_chat(build_baseline("standard", student))
    parts = [{"type": "text", "text": "What is 6 * 7?"}]
    for message in (("user", "What is 6 * 7?"), {"role": "user", "content": "What is 6 * 7?"}, HumanMessage(parts)):
        result = chat.invoke({"messages": [("user", "Hello"), ("assistant", "Hi"), message], "reference": "42"})
        assert (result["status"], result["question"]) == ("correct", "What is 6 * 7?")
        assert result["messages"][-1].text.startswith("Answer: 42")
    assert chat.invoke({"question": "What is 7 * 7?"})["messages"][-1].text.startswith("Answer: 49")


def test_a_pause_is_resumed_and_the_next_turn_has_no_reference_of_the_last(teacher, student):
    chat = as_chat(build_trace_of_thought(teacher, student, review="always"), checkpointer=InMemorySaver())
    [pause] = chat.invoke({"messages": [("user", "What is 6 * 7?")], "reference": "42"}, THREAD)["__interrupt__"]
    assert pause.value["action_requests"][0]["args"]["question"] == "What is 6 * 7?"
    assert chat.invoke(Command(resume="approve"), THREAD)["status"] == "correct"
    chat.invoke({"messages": [("user", "What is 7 * 7?")]}, THREAD)
    done = chat.invoke(Command(resume="approve"), THREAD)
    assert (done["status"], len(done["messages"]), done["answer"]) == ("consistent", 4, "49")
    assert len(teacher.calls) == 2


async def test_tokens_stream_and_it_runs_async(student):
    chat = as_chat(build_baseline("standard", student))
    pieces = [
        message.text
        async for _, (message, _) in chat.astream(
            {"messages": [("user", "What is 6 * 7?")]}, stream_mode="messages", subgraphs=True
        )
    ]
    assert "".join(pieces).count("Answer: 42") >= 1


@pytest.mark.parametrize(("given", "said"), [({}, "nothing"), ({"messages": [("assistant", "Hi")]}, "type 'ai'")])
def test_a_chat_without_a_problem_says_what_to_give(student, given, said):
    with pytest.raises(ValueError, match=f"ends with .*{said}.*human message, or question"):
        as_chat(build_baseline("standard", student)).invoke(given)
    with pytest.raises(ValueError, match="checkpointer"):
        as_chat(build_baseline("standard", student, checkpointer=InMemorySaver()))


class Names(BaseCallbackHandler):
    def __init__(self):
        self.seen = []

    def on_chain_start(self, serialized, inputs, **options):
        self.seen.append(options.get("name"))


METHODS = [
    ({}, ["trace_of_thought", "decompose", "review", "solve", "verify"]),
    ({"escalate": "standard > teacher"}, None),
    ({"max_attempts": 2}, None),
]


@pytest.mark.parametrize(("options", "expected"), METHODS)
def test_other_tracers_see_nodes_and_no_helpers(teacher, student, options, expected):
    graph = build_graph("trace_of_thought", student=student, teacher=teacher, **options)
    names = Names()
    graph.invoke({"question": "What is 6 * 7?", "reference": "42"}, {"callbacks": [names]})
    assert set(names.seen[1:]) <= set(graph.get_graph().nodes)
    assert expected is None or names.seen == expected
