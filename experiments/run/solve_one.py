"""Solve one problem of a cell: run its graph, with tracing, and return the row. The door is `Solver`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID, uuid4

from langgraph.checkpoint.memory import InMemorySaver

from ...graphs.build import build_graph
from ...graphs.graph_options import GraphOptions, mode_options
from ...graphs.trace_of_thought import build_trace_of_thought
from ..design.cells import Cell
from ..design.config import ModelConfig
from ..design.plan import Plan, Unit
from ..design.prices import price_of
from ..journal.journal import Journal
from ..journal.records import Counterfactual, Row
from ..journal.tables import now_ms
from .model_pool import ModelPool, model_key
from .pausing import OriginalSteps, ReviewedCell, Reviewer, Traces, original_steps, run_unreviewed
from .rows import add_failed_tries, failed_row, solved_row, waiting_row
from .served_by import ServedBy
from .spending import Spending
from .teaching import Teaching, lesson


class Tracker(Traces, Protocol):
    """What a run needs from tracking. `publishing.MlflowTracker` implements it."""

    def callbacks(self, cell_id: str) -> list[Any]:
        """Return the callback handlers for the graph runs of a cell."""

    def written(self, row: Row) -> None:
        """Called when the journal has a row; its trace (`trace_id`) may be sent now."""

    def progress(self, cell_id: str, step: int, metrics: Mapping[str, float], at_ms: int) -> None:
        """Add a point to the curves of a cell: problems done, metrics by name, Unix milliseconds."""


class Solver:
    """Solves problems with the graphs of the current cells.

    Attributes:
        graphs: graphs by cell id.
        reviewed: cells whose problems may pause, by cell id.
        unreviewed: cell id and problem key of the problems of these cells whose plans need no review. All others may pause.
    """

    def __init__(self, plan: Plan, journal: Journal, pool: ModelPool, tracker: Tracker | None, spending: Spending) -> None:
        """Store what the problems of a session share. The runner sets `graphs` for each group, when its models are loaded."""
        self.plan, self.journal, self.pool, self.tracker, self.spending = plan, journal, pool, tracker, spending
        self.graphs: dict[str, Any] = {}
        self.reviewed: dict[str, ReviewedCell] = {}
        self.unreviewed: set[tuple[str, str]] = set()
        self._teachings: dict[str, Teaching] = {}

    def width(self, model: ModelConfig) -> int:
        """Return the maximum number of problems in flight for a model."""
        return model.concurrency or self.plan.config.concurrency or model.callers

    def graph(self, cell: Cell, **review: Any) -> Any:
        """Build the graph of a cell; `review` has the options `review` and `checkpointer` of a graph that pauses."""
        student = self._student(cell)
        if cell.teacher is None:
            return build_graph(cell.method, student=student, **self._options(cell))
        teacher = self.pool.teacher(cell.teacher, cell.student, self._teaching(cell))
        return build_graph(cell.method, student=student, teacher=teacher, **self._options(cell), **review)

    def _student(self, cell: Cell) -> Any:
        # a single seed of 0 is the default and is not sent, since some providers reject the option
        return self.pool.student(cell.student, cell.seed if cell.seed or len(self.plan.config.seeds) > 1 else None)

    def _options(self, cell: Cell) -> GraphOptions:
        """Return the options of a cell's graph."""
        options = GraphOptions(
            prompts=self.plan.prompts[cell.prompts_hash],
            samples=cell.samples,
            max_attempts=cell.max_attempts,
            shots=cell.shots,
            shots_by=cell.shots_by,  # type: ignore[typeddict-item]
            shots_seed=cell.seed,
        )
        return options if cell.teacher is None else options | mode_options(cell.mode) | GraphOptions(hint_share=cell.hint_share)

    def _teaching(self, cell: Cell) -> Teaching | None:
        """Return the cache of a cell's teacher, shared by all cells with this teacher; None for recorded replies."""
        assert cell.teacher is not None
        model = cell.student if cell.teacher.model == "self" else cell.teacher
        if model.model.startswith("recorded:"):
            return None
        key = model_key(model)
        if key not in self._teachings:
            price, width = price_of(model), self.width(model)
            self._teachings[key] = Teaching(self.journal, key, price, width, self.spending.add)
        return self._teachings[key]

    def reviewed_cell(self, cell: Cell, saver: Any, reviewer: Reviewer | None) -> ReviewedCell:
        """Prepare a cell whose problems may pause.

        Args:
            cell: the cell.
            saver: checkpointer of the paused runs.
            reviewer: the review queue.

        Raises:
            ValueError: there is no reviewer.
        """
        if reviewer is None:
            raise ValueError(f"{cell.label} needs a reviewer: run_experiment(..., reviewer=ReviewDesk(open_queue()))")
        assert cell.teacher is not None
        teacher = self.pool.teacher(cell.teacher, cell.student, self._teaching(cell))
        graph = self.graph(cell, review=cell.review, checkpointer=saver)
        prompts = self.plan.prompts[cell.prompts_hash]
        return ReviewedCell(cell, graph, teacher, prompts, self.journal, reviewer, self.tracker)

    async def solve(self, unit: Unit) -> Row:
        """Solve a problem and return its row: a verdict, "waiting" for a review, or an error. Exceptions become error rows."""
        run_id, served_by = uuid4(), ServedBy()
        started, clock = now_ms(), time.monotonic()
        row: Row | None = None
        try:
            with lesson(unit.cell.problems, unit.problem.question):
                output = await self._run_graph(unit, self._config(unit, run_id, served_by))
                row = self._row(unit, output)
                if self.plan.config.counterfactual and (steps := original_steps(output)) and row["status"] != "waiting":
                    row["detail"]["counterfactual"] = await self._counterfactual(unit, steps)
        except Exception as error:
            row = self._failed(unit, error, row)
        except asyncio.CancelledError as error:
            # not a subclass of Exception, so the clause above does not catch it
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            row = self._failed(unit, error, row)  # a library cancelled its own call; this problem was not cancelled
        if served := served_by.served:
            row["detail"] = {**row.get("detail", {}), "served": served}
        return {
            **row,
            "cell_id": unit.cell.id,
            "key": unit.problem.key,
            "problem_id": unit.problem.problem_id,
            "started_ms": started,
            "seconds": time.monotonic() - clock,
            # the trace handler derives the same id from the run id; where the graph did not run now, an earlier trace belongs
            "trace_id": row.get("trace_id", f"tr-{run_id.hex}" if self.tracker else None),
        }

    def _config(self, unit: Unit, run_id: UUID, served_by: ServedBy) -> dict[str, Any]:
        tracing = self.tracker.callbacks(unit.cell.id) if self.tracker else []
        return {
            "run_id": run_id,
            # a callback costs time per call, so only where there are replicas
            "callbacks": [*tracing, served_by] if self.pool.places() else tracing,
            "metadata": {"problem_id": unit.problem.problem_id, "method": unit.cell.method, "seed": unit.cell.seed},
        }

    def _failed(self, unit: Unit, error: BaseException, before: Row | None) -> Row:
        """Return the error row of a failure, with the cost of a solution that preceded it (see `counterfactual`)."""
        row = failed_row(error, self.plan.prices(unit.cell))
        if before is not None:
            add_failed_tries(row, before)
            if "trace_id" in before:
                row["trace_id"] = before["trace_id"]
        return row

    async def _run_graph(self, unit: Unit, config: dict[str, Any]) -> dict[str, Any]:
        if unit.cell.id not in self.reviewed or (unit.cell.id, unit.problem.key) in self.unreviewed:
            return await self.graphs[unit.cell.id].ainvoke(unit.problem.as_input(), config)
        cell = self.reviewed[unit.cell.id]
        # LangGraph needs its thread id; both have metadata, which must be merged
        own = cell.config(unit)
        return await cell.run(unit, {**config, **own, "metadata": {**config["metadata"], **own["metadata"]}})

    def _row(self, unit: Unit, output: Mapping[str, Any]) -> Row:
        row = self._row_of_output(unit, output)
        return {**row, "trace_id": output["earlier_trace"]} if "earlier_trace" in output else row

    def _row_of_output(self, unit: Unit, output: Mapping[str, Any]) -> Row:
        if "__interrupt__" in output:
            return waiting_row(output, self.plan.prices(unit.cell))
        return solved_row(unit.problem, output, self.plan.prices(unit.cell), self.plan.sets[unit.cell.problems].scorer)

    async def _counterfactual(self, unit: Unit, steps: list[str]) -> Counterfactual:
        """Solve a problem again with the teacher's original steps, for a comparison with the reviewer's."""
        cell = unit.cell
        assert cell.teacher is not None
        teacher = OriginalSteps(steps=steps, teacher=self.pool.teacher(cell.teacher, cell.student, self._teaching(cell)))
        # the checkpointer is for ladders, whose reviewed rungs always pause
        options = self._options(cell) | GraphOptions(checkpointer=InMemorySaver())
        graph = build_trace_of_thought(teacher, self._student(cell), **options)
        row = self._row(unit, await run_unreviewed(graph, unit.problem.as_input()))
        self.spending.add(row["student_input_tokens"] + row["student_output_tokens"], row["student_cost_usd"])
        return {
            "steps": steps,
            "status": row["status"],
            "answer": row["answer"],
            "student_input_tokens": row["student_input_tokens"],
            "student_output_tokens": row["student_output_tokens"],
            "student_cost_usd": row["student_cost_usd"],
        }
