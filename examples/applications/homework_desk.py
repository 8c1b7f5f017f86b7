"""A parent graph with a router and a summariser, kept in sqlite: a pause for review outlives the process.

The models are TOT_TEACHER and TOT_STUDENT, names as for `load_chat_model`. The first command waits for a reviewer, the second
resumes:

    python homework_desk.py ask THREAD "What is 6 * 7?"
    python homework_desk.py approve THREAD
"""

import os
import sys
from typing import Literal, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from trace_of_thought import as_node, build_trace_of_thought, load_chat_model

APPROVE = {"decisions": [{"type": "approve"}]}


class Desk(TypedDict, total=False):
    task: str
    result: str | None
    plan: list[str]
    letter: str


def build_desk(saver: SqliteSaver) -> "CompiledStateGraph[Desk, None, Desk, Desk]":
    teacher, student = load_chat_model(os.environ["TOT_TEACHER"]), load_chat_model(os.environ["TOT_STUDENT"])

    def route(state: Desk) -> Literal["solve", "decline"]:
        return "solve" if any(character.isdigit() for character in state.get("task", "")) else "decline"

    def decline(state: Desk) -> Desk:
        return {"letter": "Please ask a problem with numbers."}

    def summarise(state: Desk) -> Desk:
        said = teacher.invoke(f"Tell a pupil in one sentence that the answer is {state.get('result')}.")
        return {"letter": said.text}

    desk = StateGraph(Desk)
    solver = build_trace_of_thought(teacher, student, review="always")
    desk.add_node("solve", as_node(solver, question="task", answer="result", steps="plan"))
    desk.add_node("decline", decline)
    desk.add_node("summarise", summarise)
    desk.add_conditional_edges(START, route)
    desk.add_edge("solve", "summarise")
    desk.add_edge("summarise", END)
    desk.add_edge("decline", END)
    return desk.compile(checkpointer=saver)


def main(command: str, thread: str, task: str = "") -> None:
    config: RunnableConfig = {"configurable": {"thread_id": thread}}
    with SqliteSaver.from_conn_string("desk.sqlite") as saver:
        desk = build_desk(saver)
        if command == "approve" and not desk.get_state(config).next:
            sys.exit(f"no plan of the thread {thread!r} waits for approval; begin with: ask {thread} QUESTION")
        given: Desk | Command[None] = Command(resume=APPROVE) if command == "approve" else {"task": task}
        result = desk.invoke(given, config)
        for pause in result.get("__interrupt__", ()):
            print("waits for approval:", pause.value["action_requests"][0]["args"]["steps"], flush=True)
            sys.stdin.read()  # a real desk would do other work here; whoever kills it loses nothing
        if "letter" in result:
            print(result["letter"])


if __name__ == "__main__":
    words = {"ask": 3, "approve": 2}.get(sys.argv[1] if sys.argv[1:] else "")
    if len(sys.argv) - 1 != words or not {"TOT_TEACHER", "TOT_STUDENT"} <= os.environ.keys():
        sys.exit(__doc__)
    main(*sys.argv[1:])
