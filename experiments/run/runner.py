"""Run an experiment: solve each problem of each cell with a graph, and write its row to the journal at once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel

from ..design.cells import Cell
from ..design.config import ModelConfig
from ..design.plan import Plan, Unit
from ..journal.journal import Journal
from ..journal.records import Row
from ..journal.tables import now_ms
from .dispatch import Lane, work_off
from .model_pool import ModelPool, model_key
from .pausing import Reviewer
from .rows import add_failed_tries
from .solve_one import Solver, Tracker
from .spending import Spending
from .tally import Tally
from .teaching import lesson
from .writing import write_row

logger = logging.getLogger(__name__)

GIVE_UP_AFTER = 25
"""The run stops when at least this many problems of a student have failed and none has succeeded."""


@dataclass
class Outcome:
    """How a run ended.

    Attributes:
        done: number of solutions that this session finished, errors included. A problem has one in each cell.
        failed: number of them that are errors.
        waiting: number of solutions that wait for a reviewer. They count as neither missing nor failed.
        missing: number of problems that were not run, by cell id.
        stopped_by: the limit ("--max-minutes=30") or the type of the error that ended the run early; "" if it is complete.
    """

    done: int = 0
    failed: int = 0
    waiting: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    stopped_by: str = ""


class AllFail(RuntimeError):
    """Raised if the first problems of a student all fail, so something is wrong with the model or its server."""


async def run_experiment(
    plan: Plan,
    journal: Journal,
    *,
    models: Mapping[str, BaseChatModel] | ModelPool | None = None,
    tracker: Tracker | None = None,
    reviewer: Reviewer | None = None,
    watch: Callable[[Unit, Row, Spending], None] | None = None,
) -> Outcome:
    """Run the problems that are not finished in the journal yet, and retry those that failed. Call it again to resume.

    Args:
        plan: the experiment, from `make_plan`.
        journal: its journal, claimed by this process. Every row is written as soon as it is known.
        models: loaded chat models by their names in the configuration, or a pool, which is closed at the end.
        tracker: receives traces and curves. Default: no tracking.
        reviewer: the review queue; needed if some plans are reviewed.
        watch: called with each problem, its row and the spending, for a progress display.

    Returns:
        How the run ended. Reaching a limit of the budget is not an error.

    Raises:
        ValueError, FileNotFoundError, ImportError, ConnectionError: a model cannot be loaded. Raised before any problem runs.
        AllFail: the first problems of a student all failed.
        sqlite3.OperationalError: the disk is full. Rows written so far are kept.
    """
    pool = models if isinstance(models, ModelPool) else ModelPool(models)
    run = _Run(plan, journal, pool, tracker, watch)
    run.reviewer = reviewer
    session = journal.start_session()
    try:
        await run.all()
        left = sum(run.outcome.missing.values()) or run.outcome.failed
        # a limit that was reached with the last problem stopped nothing
        run.outcome.stopped_by = run.spending.stopped_by if left else ""
    except BaseException as error:
        # also KeyboardInterrupt and CancelledError: the session records how it ended
        run.outcome.stopped_by = type(error).__name__
        raise
    finally:
        journal.end_session(session, run.outcome.done, run.outcome.stopped_by or "finished")
        pool.close()
    return run.outcome


class _Run:
    """The state of one session of a run."""

    def __init__(self, plan: Plan, journal: Journal, pool: ModelPool, tracker: Tracker | None, watch: Any) -> None:
        self.plan, self.journal, self.pool, self.tracker, self.watch = plan, journal, pool, tracker, watch
        self.spending = Spending(plan.config.budget, journal.totals())
        self.solver = Solver(plan, journal, pool, tracker, self.spending)
        self.outcome = Outcome()
        self._tallies: dict[str, Tally] = {}
        self._again: list[Unit] = []
        # failures in a row by student; -1 after the first success
        self._streaks: dict[str, int] = {}
        self.reviewer: Reviewer | None = None

    async def all(self) -> None:
        """Run remote students concurrently and local ones one after the other, since these compete for memory and cores."""
        students = list({model_key(cell.student): cell.student for cell in self.plan.cells}.values())
        # before any problem runs, so that a misspelt last model is not found after hours
        self.pool.check_all(self.plan)
        todo = self.plan.missing(self.journal)
        self.outcome.missing = {cell: len(units) for cell, units in todo.items()}
        for cell in self.plan.cells:
            self._tallies[cell.id] = Tally(self.journal.counts(cell.id), len(self.plan.sets[cell.problems]))
        for group in _groups(students):
            await self._run_group(group, todo)

    async def _run_group(self, students: list[ModelConfig], todo: Mapping[str, list[Unit]]) -> None:
        keys = {model_key(student) for student in students}
        cells = [cell for cell in self.plan.cells if model_key(cell.student) in keys and todo[cell.id]]
        if not cells or self.spending.exceeded():
            return
        # before graphs are built, which loads this group's models: two groups may not fit in memory
        self.pool.keep_only([*students, *(cell.teacher for cell in cells if cell.teacher)])
        self.solver.graphs = {cell.id: self.solver.graph(cell) for cell in cells}
        for cell in cells:
            self.journal.set(f"models of {cell.id}", json.dumps(self.pool.facts(cell)))
        # checkpointers belong to an event loop and are open only while a group runs
        async with self.reviewer.open() if self.reviewer else nullcontext() as saver:
            reviewed = [cell for cell in cells if cell.reviewed]
            self.solver.reviewed = {cell.id: self.solver.reviewed_cell(cell, saver, self.reviewer) for cell in reviewed}
            if reviewed:
                todo = await self._hold_back(students, reviewed, todo)
            await self._solve_all(students, cells, todo)

    async def _hold_back(
        self, students: list[ModelConfig], cells: list[Cell], todo: Mapping[str, list[Unit]]
    ) -> dict[str, list[Unit]]:
        """Let the teachers plan all problems of reviewed cells, and pause those that need a review.

        Plans come first, so that reviewers can begin while the students still solve the other problems.

        Returns:
            The problems to solve now, by cell id.
        """
        left = {cell: list(units) for cell, units in todo.items()}

        async def plan(unit: Unit) -> Row | None:
            cell = self.solver.reviewed[unit.cell.id]
            try:
                with lesson(unit.cell.problems, unit.problem.question):
                    if not await cell.holds(unit):
                        self.solver.unreviewed.add((unit.cell.id, unit.problem.key))
                        return None
                waits = await cell.waits(unit)
            except Exception:
                # Without a journal each plan would be paid for and lost: this ends the run.
                self.journal.check_writable()
                # What failed is done again when the problem is solved: it becomes an error row there, or pauses.
                return None
            return await self.solver.solve(unit) if waits else None

        def take(unit: Unit, row: Row | None) -> None:
            if row is not None:
                left[unit.cell.id].remove(unit)
                self._take(unit, row)

        lanes = []
        for student in students:
            own = [left[cell.id] for cell in cells if model_key(cell.student) == model_key(student)]
            # a copy of the list, since `take` removes units from it meanwhile
            lanes.append(Lane(student.label, iter(list(_by_problem(own))), self.solver.width(student)))
        await work_off(lanes, plan, take, self._within_budget)
        assert self.reviewer is not None
        self.reviewer.arrived()
        return left

    async def _solve_all(self, students: list[ModelConfig], cells: list[Cell], todo: Mapping[str, list[Unit]]) -> None:
        lanes = []
        for student in students:
            own = [todo[cell.id] for cell in cells if model_key(cell.student) == model_key(student)]
            lanes.append(Lane(student.label, _by_problem(own), self.solver.width(student)))
        await work_off(lanes, self._solve, self._take, self._admit)
        # at the end, when a server that was down may be back
        for _ in range(self.plan.config.retries):
            failed, self._again = self._again, []
            retried = [
                Lane(
                    student.label,
                    iter([u for u in failed if model_key(u.cell.student) == model_key(student)]),
                    self.solver.width(student),
                )
                for student in students
            ]
            await work_off(retried, self._solve, self._take, self._admit)
        self._again = []

    async def _admit(self, unit: Unit) -> bool:
        return await self.spending.admit(unit.cell.id)

    async def _within_budget(self, unit: Unit) -> bool:
        return not self.spending.exceeded()

    async def _solve(self, unit: Unit) -> Row:
        row: Row | None = None
        try:
            row = await self.solver.solve(unit)
        finally:
            self.spending.release(unit.cell.id, row)
        return row

    def _take(self, unit: Unit, row: Row) -> None:
        """Write a row and count it. A failed problem is retried at the end of its group."""
        tally = self._tallies[unit.cell.id]
        first = tally.tries.get(unit.problem.key, 0)
        row["tries"] = first + 1
        used = (row.get("student_input_tokens") or 0) + (row.get("student_output_tokens") or 0)
        self.spending.add(used, row.get("student_cost_usd", 0.0))
        # what failed runs cost is kept: the new row replaces theirs
        if earlier := self.journal.failed(unit.cell.id, unit.problem.key):
            add_failed_tries(row, earlier)
        known_to_fail = bool(earlier) and tally.done > tally.errors
        row = write_row(self.journal, row)
        if self.tracker:
            # after the row: see `MlflowTracker`
            self.tracker.written(row)
        failed = row["status"] == "error"
        if failed:
            tally.tries[unit.problem.key] = first + 1
            self._again.append(unit)
        self.outcome.waiting += row["status"] == "waiting"
        # a retry replaces a row that was counted before
        if not first:
            self.outcome.done += row["status"] != "waiting"
            self.outcome.missing[unit.cell.id] -= 1
        self.outcome.failed += failed - bool(first)
        tally.count(row["status"], again=bool(first))
        self._report(unit, row, tally)
        # a problem that failed in an earlier session, when others did not, says nothing about the server now
        if not known_to_fail:
            self._check_streak(unit, row)

    def _report(self, unit: Unit, row: Row, tally: Tally) -> None:
        if tally.due():
            # one time stamp for both, or MLflow shows the point twice once the journal is published
            at = now_ms()
            self.journal.add_progress(unit.cell.id, tally.done, tally.metrics(), at)
            if self.tracker:
                self.tracker.progress(unit.cell.id, tally.done, tally.metrics(), at)
        try:
            if self.watch:
                self.watch(unit, row, self.spending)
        except Exception:
            # a fault of the display must not end a run of hours
            logger.warning("the progress display failed and is switched off; the run continues", exc_info=True)
            self.watch = None

    def _check_streak(self, unit: Unit, row: Row) -> None:
        """Raise `AllFail` if every problem of a student has failed so far. A single success ends this check for the session."""
        key = model_key(unit.cell.student)
        streak = self._streaks.get(key, 0)
        if row["status"] != "error":
            self._streaks[key] = -1
        elif streak >= 0:
            self._streaks[key] = streak + 1
            # a server that restarts fails all problems in flight at once, so twice their number must fail
            if streak + 1 >= max(GIVE_UP_AFTER, 2 * self.solver.width(unit.cell.student)):
                raise AllFail(
                    f"the first {streak + 1} problems of {unit.cell.student.label} all failed; the last: {row['error']}"
                )


def _groups(students: list[ModelConfig]) -> list[list[ModelConfig]]:
    """Return groups of students that run at the same time: all remote ones together, then each local one alone."""
    light = [student for student in students if not student.model.startswith("hf:")]
    heavy = [[student] for student in students if student.model.startswith("hf:")]
    return ([light] if light else []) + heavy


def _by_problem(todo: list[list[Unit]]) -> Iterator[Unit]:
    """Yield the first problem of all cells, then the second, and so on, so that cells of an interrupted run stay comparable."""
    for place in range(max(map(len, todo), default=0)):
        for units in todo:
            if place < len(units):
                yield units[place]
