"""A graph as a chat: messages in and out, for Agent Chat UI and other chat programs."""

from __future__ import annotations

from typing import Annotated, Any

from langchain_core.messages import AIMessage, AnyMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.graph.state import CompiledStateGraph
from pydantic import Field
from typing_extensions import TypedDict

from ...nodes.asking.checkpointer import refuse_checkpointer
from ...nodes.state import TraceOutput
from .tool import tool_message

MAX_REPLY = 20_000
"""Maximum length of the answering message, in characters."""

Messages = Annotated[list[AnyMessage], Field(description="The chat; its last message is the problem."), add_messages]


class ChatInput(TypedDict, total=False):
    """Input of a chat: messages that end with the problem, or the problem as `question`."""

    messages: Messages
    question: Annotated[str, Field(description="The problem in words, in place of messages.")]
    reference: Annotated[str | None, Field(description="The known answer, if any. Only verify uses it.")]
    problem_id: Annotated[str, Field(description="A name for the problem in traces and reviews.")]


class ChatOutput(TraceOutput, total=False):
    """Output of a chat: the messages with the answer, and what every graph of ours returns."""

    messages: Messages
    reference: str | None


def as_chat(
    graph: CompiledStateGraph[Any, Any, Any, Any],
    *,
    checkpointer: BaseCheckpointSaver | bool | None = None,
    context_schema: type | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    r"""Return one of our graphs as a chat: the last human message is the problem, and the answer is appended as a message.

    Each human message is a problem of its own; the models do not see earlier turns. A pause for review surfaces as in the graph
    itself.

    Args:
        graph: a graph from one of the builders, without a checkpointer.
        checkpointer: LangGraph checkpointer for chats and paused runs.
        context_schema: schema of the run context.

    Raises:
        ValueError: the graph has a checkpointer. In a run: there is neither a human message nor a question.

    Example:
        ```python
        from trace_of_thought import as_chat, build_baseline
        from trace_of_thought.models import ScriptedChatModel

        chat = as_chat(build_baseline("standard", ScriptedChatModel(script=["6 * 7 = 42\nAnswer: 42"])))
        result = chat.invoke({"messages": [("user", "What is 6 * 7?")]})
        assert result["messages"][-1].text.startswith("Answer: 42")
        ```
    """
    refuse_checkpointer(graph)
    chat = StateGraph(ChatOutput, input_schema=ChatInput, output_schema=ChatOutput, context_schema=context_schema)
    chat.add_node("read", _read)
    chat.add_node(graph.name, graph)
    chat.add_node("answer", _answer)
    chat.add_edge(START, "read")
    chat.add_edge("read", graph.name)
    chat.add_edge(graph.name, "answer")
    chat.add_edge("answer", END)
    return chat.compile(name="chat", checkpointer=checkpointer)


def _read(state: ChatOutput) -> dict[str, Any]:
    """Take the last human message as the question; without messages the question must be in the input."""
    messages = state.get("messages") or []
    if messages and messages[-1].type == "human":
        return {"question": messages[-1].text}
    if not state.get("question"):
        last = f"a message of type {messages[-1].type!r}" if messages else "nothing"
        raise ValueError(f"the chat ends with {last}; give messages that end with the problem as a human message, or question")
    return {}


def _answer(state: ChatOutput) -> dict[str, Any]:
    """Append the answer, and clear what belongs to this problem: the next message in the thread is another one."""
    message = AIMessage(tool_message(state, MAX_REPLY), name="trace_of_thought")
    return {"messages": [message], "reference": None, "problem_id": ""}
