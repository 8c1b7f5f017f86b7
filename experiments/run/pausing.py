"""Pause problems for a review, and resume those that are decided.

The teacher plans all problems first. Those that the policy selects are paused in a checkpoint store. The others are solved
without one, because checkpoints cost time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from langgraph.types import Command

from ...graphs.methods import is_ladder
from ...models.scripted import ScriptedChatModel
from ...nodes.decompose import make_decompose
from ...nodes.review import wants_person
from ...nodes.steps import number_steps
from ..design.cells import Cell
from ..design.plan import Unit
from ..journal.journal import Journal


class Reviewer(Protocol):
    """Where problems wait; `review.ReviewDesk` is one."""

    def open(self) -> AbstractAsyncContextManager[Any]:
        """Open the checkpointer of paused runs, for this event loop."""

    def arrived(self) -> None:
        """Put what paused into the queue."""

    def answers(self) -> Mapping[str, tuple[str, dict[str, Any]]]:
        """Return interrupt id and answer by thread, of what is decided."""

    def claim(self, thread_id: str, interrupt_id: str) -> AbstractAsyncContextManager[bool]:
        """Claim a decision while the body uses it; False if it was undone just before or another run has it."""


class ReviewedCell:
    """A cell whose plans a human may review."""

    def __init__(
        self,
        cell: Cell,
        graph: Any,
        teacher: Any,
        prompts: Any,
        journal: Journal,
        reviewer: Reviewer,
        paused_trace: Callable[[str], str | None] | None = None,
    ) -> None:
        """Take the graph that pauses, and what is needed to know beforehand whether it will.

        Args:
            cell: whose problems may pause.
            graph: of the cell, with a checkpointer.
            teacher: of the cell.
            prompts: of the cell.
            journal: of the experiment.
            reviewer: where problems wait.
            paused_trace: returns the id of the trace that ended with the pause of a thread; None without tracking.
        """
        self.cell = cell
        self.graph = graph
        self._decompose = make_decompose(teacher, prompts)
        self._wants = wants_person(cell.review)  # type: ignore[arg-type]
        self._journal = journal
        self._reviewer = reviewer
        self._paused_trace = paused_trace

    def config(self, unit: Unit) -> dict[str, Any]:
        """Return the config of a problem's run: its thread id, the same in every session, and metadata for the queue."""
        about = {
            "experiment": self._journal.get("name") or "",
            "problem_set": self.cell.problems,
            "teacher": self.cell.teacher.label if self.cell.teacher else "",
            "problem_id": unit.problem.problem_id,
        }
        thread = f"{self._journal.uuid}-{self.cell.id}-{unit.problem.key}"
        return {"configurable": {"thread_id": thread}, "metadata": about}

    async def holds(self, unit: Unit) -> bool:
        """Return whether this problem was or must be reviewed. It asks the teacher, whose reply the journal stores.

        With a ladder that is not known before the student has tried: every problem may pause, and no teacher is asked here.
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
        """Return whether a run would only wait for a reviewer now, without reaching the student."""
        config = self.config(unit)
        state = await self.graph.aget_state(config)
        asked = bool(state.interrupts) or state.created_at is None
        return asked and config["configurable"]["thread_id"] not in self._reviewer.answers()

    async def run(self, unit: Unit, config: dict[str, Any]) -> dict[str, Any]:
        """Start the problem, or resume it with its decision.

        Returns:
            The graph's output. It has `__interrupt__` if the problem waits (again), and `paused_trace` if its trace is older
            than this run.
        """
        state = await self.graph.aget_state(config)
        given: Any = unit.problem.as_input()
        if state.interrupts:
            return await self._resume(state, config)
        if state.created_at is not None:
            if not state.next:
                return dict(state.values)
            given = None
        return await self.graph.ainvoke(given, config, durability="exit")

    async def _resume(self, state: Any, config: dict[str, Any]) -> dict[str, Any]:
        thread = config["configurable"]["thread_id"]
        interrupt, answer = self._reviewer.answers().get(thread, ("", {}))
        async with self._reviewer.claim(thread, interrupt) as taken:
            if taken:
                return await self.graph.ainvoke(Command(resume={interrupt: answer}), config, durability="exit")
        trace = self._paused_trace(thread) if self._paused_trace else None
        if self._paused_trace and trace is None:
            # The process was killed after the checkpoint and before the trace: the review node pauses once more.
            return await self.graph.ainvoke(None, config, durability="exit")
        return {**state.values, "__interrupt__": state.interrupts, "paused_trace": trace}


def original_steps(output: Mapping[str, Any]) -> list[str] | None:
    """Return the steps that the teacher gave first, if a review changed them."""
    reviews = output.get("reviews") or []
    first = reviews[0]["steps"] if reviews else None
    return first if first is not None and first != output.get("steps") else None


def teacher_of(steps: list[str]) -> ScriptedChatModel:
    """Return a teacher that always gives these steps."""
    return ScriptedChatModel(script=lambda prompt: number_steps(steps), model_name="original steps")
