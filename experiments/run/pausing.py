"""Pause problems for a review, and resume those that were decided: `ReviewedCell`.

The teacher plans all problems first. Problems that the policy selects are paused in a checkpoint store. The others are solved
without one, because writing checkpoints takes time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableLambda
from langgraph.types import Command

from ...graphs.methods import is_ladder
from ...nodes.decompose import make_decompose
from ...nodes.review import wants_person
from ...nodes.steps import number_steps
from ..design.cells import Cell
from ..design.plan import Unit
from ..journal.journal import Journal


class Reviewer(Protocol):
    """What a run needs from the review queue. `review.ReviewDesk` implements it."""

    def open(self) -> AbstractAsyncContextManager[Any]:
        """Open the checkpointer of paused runs for the current event loop."""

    def arrived(self) -> None:
        """Add newly paused problems to the queue."""

    def answers(self) -> Mapping[str, tuple[str, dict[str, Any]]]:
        """Return interrupt id and answer of each decided problem, by thread id."""

    def claim(self, thread_id: str, interrupt_id: str) -> AbstractAsyncContextManager[bool]:
        """Claim a decision for the block; yields False if it was undone meanwhile or another run has claimed it."""


class Traces(Protocol):
    """What is known of the traces of threads; a `Tracker` is one."""

    def of_thread(self, thread_id: str, *, finished: bool) -> str | None:
        """Return the id of the trace that ended with the end of a thread, or with its pause; None if there is none."""


class ReviewedCell:
    """A cell whose problems may pause for a review."""

    def __init__(
        self,
        cell: Cell,
        graph: Any,
        teacher: Any,
        prompts: Any,
        journal: Journal,
        reviewer: Reviewer,
        traces: Traces | None = None,
    ) -> None:
        """Prepare a cell for reviews.

        Args:
            cell: the cell.
            graph: its graph, compiled with a checkpointer.
            teacher: its teacher, to plan before the graph runs.
            prompts: its prompt set.
            journal: journal of the experiment.
            reviewer: the review queue.
            traces: the traces of earlier processes; None without tracking.
        """
        self.cell = cell
        self.graph = graph
        self._decompose = make_decompose(teacher, prompts)
        self._wants = wants_person(cell.review)  # type: ignore[arg-type]
        self._journal = journal
        self._reviewer = reviewer
        self._traces = traces

    def config(self, unit: Unit) -> dict[str, Any]:
        """Return the LangGraph config of a problem: a thread id, the same in every session, and metadata for the queue."""
        about = {
            "experiment": self._journal.get("name") or "",
            "problem_set": self.cell.problems,
            "teacher": self.cell.teacher.label if self.cell.teacher else "",
            "problem_id": unit.problem.problem_id,
        }
        # the uuid stays when an experiment is renamed, and differs between experiments of one name
        thread = f"{self._journal.uuid}-{self.cell.id}-{unit.problem.key}"
        return {"configurable": {"thread_id": thread}, "metadata": about}

    async def holds(self, unit: Unit) -> bool:
        """Return whether a problem must run with a checkpointer: it is paused already, or its plan needs a review.

        The teacher is asked for the plan here; the journal stores the reply for the run. On a ladder this is not known before
        the student has tried, so every problem counts, and no teacher is asked.
        """
        if is_ladder(self.cell.mode):
            return True
        state = await self.graph.aget_state(self.config(unit))
        if state.created_at is not None:
            return True
        problem: Any = unit.problem.as_input()
        planned: Any = {**problem, **await self._decompose.ainvoke(problem)}
        return self._wants(planned)

    async def waits(self, unit: Unit) -> bool:
        """Return whether running the problem now would only reach a pause: it is new, or its interrupt has no decision yet."""
        config = self.config(unit)
        state = await self.graph.aget_state(config)
        asked = bool(state.interrupts) or state.created_at is None
        return asked and config["configurable"]["thread_id"] not in self._reviewer.answers()

    async def run(self, unit: Unit, config: dict[str, Any]) -> dict[str, Any]:
        """Start the problem, or resume it with its decision.

        Returns:
            The graph's output. It has `__interrupt__` if the problem waits (again). If the graph did not run now it has
            `earlier_trace`: the id of the trace that belongs to the output, None if there is none.
        """
        state = await self.graph.aget_state(config)
        given: Any = unit.problem.as_input()
        if state.interrupts:
            return await self._resume(state, config)
        if state.created_at is not None:
            if not state.next:
                return await self._finished(unit, state.values, config)
            # a run that failed after its decision: without input LangGraph continues from the checkpoint
            given = None
        return await self.graph.ainvoke(given, config, durability="exit")

    async def _finished(self, unit: Unit, values: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
        """Return the output of a run that finished in a session which was killed before the row was written."""
        trace = self._traces.of_thread(config["configurable"]["thread_id"], finished=True) if self._traces else None
        if trace is not None or self._traces is None:
            return {**values, "earlier_trace": trace}

        # The kill also came before the trace: a trace with the input and output of the graph is made, and no model is asked.
        async def restored(problem: Any) -> dict[str, Any]:
            return values

        told: Any = {**config, "metadata": {**config["metadata"], "restored": "from a checkpoint"}}
        return await RunnableLambda(restored, name=self.graph.get_name()).ainvoke(unit.problem.as_input(), told)

    async def _resume(self, state: Any, config: dict[str, Any]) -> dict[str, Any]:
        thread = config["configurable"]["thread_id"]
        interrupt, answer = self._reviewer.answers().get(thread, ("", {}))
        async with self._reviewer.claim(thread, interrupt) as taken:
            if taken:
                # one checkpoint when the run ends or pauses, not one per node, which takes time
                return await self.graph.ainvoke(Command(resume={interrupt: answer}), config, durability="exit")
        # nobody has decided, the reviewer took the decision back, or another run uses it: the problem waits on
        trace = self._traces.of_thread(thread, finished=False) if self._traces else None
        if self._traces and trace is None and not interrupt:
            # The process was killed after the checkpoint and before the trace: the review node pauses once more.
            return await self.graph.ainvoke(None, config, durability="exit")
        return {**state.values, "__interrupt__": state.interrupts, "earlier_trace": trace}


def original_steps(output: Mapping[str, Any]) -> list[str] | None:
    """Return the teacher's first steps if a review changed them, else None."""
    reviews = output.get("reviews") or []
    first = reviews[0]["steps"] if reviews else None
    return first if first is not None and first != output.get("steps") else None


class OriginalSteps(BaseChatModel):
    """A teacher that always gives these steps. What else a ladder asks its teacher, `teacher` answers."""

    steps: list[str]
    teacher: BaseChatModel
    wants: str = "decomposition"

    @property
    def _llm_type(self) -> str:
        return "original steps"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError("experiments run asynchronously: use ainvoke")

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, wants: str = "", **kwargs: Any) -> ChatResult:
        if not wants:
            return ChatResult(generations=[ChatGeneration(message=AIMessage(number_steps(self.steps)))])
        known: dict[str, Any] = {"wants": wants} if "wants" in type(self.teacher).model_fields else {}
        message = await self.teacher.ainvoke(messages, **known)
        return ChatResult(generations=[ChatGeneration(message=message)])


async def run_unreviewed(graph: Any, problem: Any) -> dict[str, Any]:
    """Run a graph that has a checkpointer, and approve all steps as they are."""
    config = {"configurable": {"thread_id": "unreviewed"}}
    output = await graph.ainvoke(problem, config)
    while pauses := output.get("__interrupt__"):
        output = await graph.ainvoke(Command(resume={pause.id: {"type": "approve"} for pause in pauses}), config)
    return dict(output)
