"""The graph of a ladder: the student solves alone first, and the teacher is asked on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langgraph.graph import START
from langgraph.types import Command

from ..nodes.asking.continuing import continue_options
from ..nodes.decompose import make_decompose
from ..nodes.hint import make_hint, make_teacher_answer
from ..nodes.review import make_review
from ..nodes.signals import answer_of
from ..nodes.solve import make_solve
from ..nodes.solving.ways import HINT_SHARE, WAYS
from ..nodes.state import Escalation, Node, TraceState
from ..nodes.verify import make_verify
from ..prompts import load_prompts
from ..verification import as_verifier
from .graph_options import GraphOptions
from .ladder import TEACHER, Ladder, Rung, Step, read_ladder
from .methods import TAUGHT
from .parts import add_route, after_review, check_no_steps, new_graph, shots_of
from .typed_graph import TraceGraph


def build_escalation(
    teacher: BaseChatModel, student: BaseChatModel, escalate: str | Sequence[Rung], options: GraphOptions
) -> TraceGraph:
    """Build the graph of a ladder: solve, and try the next rung only if a signal (without the reference) says so.

    The state has the rung that answered (`rung`) and why each rung was reached (`escalations`). The teacher is asked once for
    steps and once for its solution, however many rungs use them.

    Args:
        teacher: a chat model; asked only at rungs that are reached.
        student: a chat model.
        escalate: the ladder, see `read_ladder`.
        options: see `GraphOptions`. `mode` and `max_attempts` do not apply: the rungs are modes and retries.

    Raises:
        ValueError: the ladder cannot be read, or an option does not apply to it.
    """
    ladder = read_ladder(escalate)
    if options.get("max_attempts", 1) != 1:
        raise ValueError("max_attempts does not apply to a ladder: name a further rung for each further attempt")
    prompts, revisions = load_prompts(options.get("prompts", "default")), options.get("max_revisions", 2)
    review = options.get("review", "never")
    verifier = as_verifier(options.get("verifier"))
    graph = new_graph(options)

    def way_name(state: TraceState) -> str:
        return ladder.steps[ladder.place(state["rung"])].way

    lessons = {step.lesson for step in ladder.steps}
    graph.add_node("begin", _begin(ladder.steps[0]))
    graph.add_node(
        "solve",
        make_solve(
            student,
            prompts,
            lambda state: WAYS[way_name(state)],
            samples=options.get("samples", 1),
            shots=shots_of(options, prompts),
            verifier=verifier,
            logprobs=ladder.logprobs,
        ),
    )
    # where `Command` may go, which LangGraph cannot read from the function
    doors = {_door(step) for step in ladder.steps} | {"solve", "verify"} | ({"review"} if ladder.reviewed else set())
    graph.add_node("escalate", _escalate(ladder), destinations=tuple(sorted(doors)))
    graph.add_node("verify", make_verify(1, verifier, prompts=prompts, way=lambda state: WAYS.get(way_name(state))))
    if "steps" in lessons:
        asked, structured = review != "never" or ladder.reviewed, options.get("structured")
        graph.add_node("decompose", make_decompose(teacher, prompts, reviewed=asked, structured=structured, first=False))
        graph.add_node("review", _reviewed(ladder, review, revisions))
        graph.add_edge("decompose", "review")
        add_route(graph, "review", after_review)
    else:
        check_no_steps(options, f"the ladder {ladder.text!r}")
    if "solution" in lessons:
        continue_options(student)
        graph.add_node("hint", make_hint(teacher, prompts, options.get("hint_share", HINT_SHARE), first=False))
        graph.add_edge("hint", "solve")
    if any(step.way == TEACHER for step in ladder.steps):
        graph.add_node(TEACHER, make_teacher_answer(teacher, prompts, verifier=verifier))
        graph.add_edge(TEACHER, "escalate")
    graph.add_edge(START, "begin")
    graph.add_edge("begin", _door(ladder.steps[0]))
    graph.add_edge("solve", "escalate")
    compiled = graph.compile(name=TAUGHT, checkpointer=options.get("checkpointer"))
    # a rung takes up to five steps: decompose, review, hint, solve, escalate
    return cast(TraceGraph, compiled.with_config(recursion_limit=10 + 5 * (len(ladder.steps) + revisions)))


def _door(step: Step) -> str:
    """Return the first node of a rung."""
    if step.way == TEACHER:
        return TEACHER
    return {"steps": "decompose", "solution": "hint", None: "solve"}[step.lesson]


def _begin(first: Step) -> Node:
    """Return the node that resets the state: a thread may hold that of an earlier question."""

    def begin(state: TraceState) -> dict[str, Any]:
        plan: dict[str, Any] = {"steps": [], "flags": [], "reviews": [], "rejected": False, "revisions": 0}
        own = {"hint": "", "teacher_solution": "", "retry_reason": "", "attempts": 0, "usage": {}}
        return {**plan, **own, "rung": first.name, "escalations": []}

    return begin


def _escalate(ladder: Ladder) -> Any:
    """Return the node that goes to the next rung whose condition holds, or to verify."""

    def escalate(state: TraceState) -> Command[str]:
        for step in ladder.steps[ladder.place(state["rung"]) + 1 :]:
            if reason := step.condition.reason(state):
                door = _door(step)
                if door == "decompose" and state.get("steps"):  # an earlier rung paid for them
                    door = "review" if step.reviewed else "solve"
                climbed = [*state["escalations"], Escalation(rung=step.name, reason=reason, answer=answer_of(state))]
                return Command(goto=door, update={"rung": step.name, "escalations": climbed})
        return Command(goto="verify")

    return escalate


def _reviewed(ladder: Ladder, policy: Any, revisions: int) -> Node:
    """Return the review node: rungs named "reviewed ..." always pause, the others follow the policy."""
    always, otherwise = make_review("always", max_revisions=revisions), make_review(policy, max_revisions=revisions)

    def review(state: TraceState) -> dict[str, Any]:
        return (always if ladder.steps[ladder.place(state["rung"])].reviewed else otherwise)(state)

    return review
