"""Get a second opinion: two students solve the same problem, and a human decides where they disagree."""

from typing import Any, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

from trace_of_thought import as_node, build_baseline
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.verification import answers_equal


class Opinions(TypedDict, total=False):
    """The state of the parent graph."""

    question: str
    first: str
    second: str
    answer: str


def decide(state: Opinions) -> Opinions:
    """Return the answer if both agree; otherwise ask a human."""
    first, second = state["first"], state["second"]
    if answers_equal(first, second):
        return {"answer": first}
    return {"answer": interrupt(f"{state['question']} One says {first}, the other {second}. Which is it?")}


def student(answer: str) -> ScriptedChatModel:
    """Return a scripted stand-in for a model; use load_chat_model("hf:...") here."""
    return ScriptedChatModel(script=lambda prompt: f"Answer: {answer}")


parent = StateGraph(Opinions)
parent.add_node("one", as_node(build_baseline("chain_of_thought", student("1/2")), answer="first"))
parent.add_node("two", as_node(build_baseline("plan_and_solve", student("0.4")), answer="second"))
parent.add_node("decide", decide)
for name in ("one", "two"):
    parent.add_edge(START, name)
parent.add_edge(["one", "two"], "decide")
graph = parent.compile(checkpointer=InMemorySaver())

if __name__ == "__main__":
    thread: Any = {"configurable": {"thread_id": "1"}}
    [pause] = graph.invoke(Opinions(question="What is 1 - 0.5?"), thread)["__interrupt__"]
    print(pause.value)
    print(graph.invoke(Command(resume="1/2"), thread)["answer"])
