"""Show the progress of a run: a live display in a terminal, plain lines elsewhere. Start at `RunProgress`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ...experiments.inference.intervals import wilson
from ...experiments.report.table import interval
from ...experiments.run.tally import Tally
from ...nodes.asking.failures import printable
from .replica_rows import places_line, places_table

if TYPE_CHECKING:
    from rich.console import Console, Group

    from ...experiments.design.plan import Plan, Unit
    from ...experiments.run.spending import Spending
    from ...models.replicas.places import Place

PLAIN_EVERY = 15.0
"""Seconds between two plain lines."""

SETTLE_S = 10.0
"""Seconds before the time left is shown. The first problems wait for models to load and teachers to plan."""

SHOWN_CELLS = 16  # rows; a display taller than the terminal is cut


class RunProgress:
    """Display of solutions done, rate, time left, accuracy so far, tokens, cost and errors."""

    def __init__(
        self,
        plan: Plan,
        counts: Mapping[str, Mapping[str, int]],
        missing: Mapping[str, int],
        console: Console,
        places: Callable[[], Mapping[str, Sequence[Place]]] = dict,
    ) -> None:
        """Prepare a display.

        Args:
            plan: the experiment.
            counts: for each cell id, the number of rows by status that earlier sessions stored.
            missing: for each cell id, the number of problems left to solve.
            console: where to draw.
            places: returns the replicas or servers of each model that has several.
        """
        self.console = console
        self.places = places
        self.cells = {cell.id: _CellLine(cell.label, missing[cell.id], counts[cell.id]) for cell in plan.cells}
        self.done, self.started, self.last = 0, time.monotonic(), time.monotonic()
        self.todo = sum(cell.left for cell in self.cells.values())
        self.spending: Spending | None = None
        self._live: Any = None

    def __enter__(self) -> Self:
        wilson(0, 1)  # imports SciPy now: later it would block all calls for a second
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._render, console=self.console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def watch(self, unit: Unit, row: Mapping[str, Any], spending: Spending) -> None:
        """Count one finished problem and update the display."""
        self.spending = spending
        # A retry at the end of the run replaces the problem's row; it is not another problem.
        again = row["tries"] > 1
        self.done += not again
        cell = self.cells[unit.cell.id]
        cell.count(row["status"], again=again)
        now = time.monotonic()
        ends = self.done == self.todo and not again
        if self._live is None and (now - self.last >= PLAIN_EVERY or ends):
            self.last = now
            self.console.print(
                f"{self._line()}; {printable(cell.label)} so far {cell.accuracy()}", soft_wrap=True, markup=False
            )

    def _line(self) -> str:
        """Return one line: done, rate, time left, errors, tokens and cost."""
        seconds = time.monotonic() - self.started
        rate = self.done / seconds if seconds else 0.0
        errors = sum(cell.errors for cell in self.cells.values())
        parts = [f"{self.done} of {self.todo} solutions", f"{rate:.2f}/s", self._left(rate, seconds), f"{errors} errors"]
        if self.spending:
            parts.append(f"{self.spending.tokens:,} tokens")
            if self.spending.cost_usd or not self.spending.cost_known:
                known = f"{self.spending.cost_usd:.4f} USD" if self.spending.cost_usd else ""
                parts.append(" and ".join(filter(None, [known, "" if self.spending.cost_known else "unknown costs"])))
        parts += [places_line(model, places) for model, places in self.places().items()]
        return ", ".join(filter(None, parts))

    def _left(self, rate: float, seconds: float) -> str:
        """Return the time left, once `SETTLE_S` and 5 % of the problems (3 to 20) have passed and the rate is reliable."""
        if seconds < SETTLE_S or self.done < max(3, min(20, self.todo // 20)):
            return "" if self.done == self.todo else "time left unknown yet"
        return f"{_clock((self.todo - self.done) / rate)} left"

    def _render(self) -> Group:
        """Return the live display: a table of combinations, a bar and the line. Unfinished combinations come first."""
        table = Table(box=None, padding=(0, 1))
        for name in ("combination", "done", "accuracy so far", "errors"):
            table.add_column(name, justify="left" if name == "combination" else "right")
        lines = sorted(self.cells.values(), key=lambda cell: cell.left == 0)
        for cell in lines[:SHOWN_CELLS]:
            table.add_row(Text(cell.label), f"{cell.done}/{cell.total}", cell.accuracy(), str(cell.errors))
        if len(lines) > SHOWN_CELLS:
            table.add_row(f"... and {len(lines) - SHOWN_CELLS} more", "", "", "")
        tables = [places_table(model, places) for model, places in self.places().items()]
        return Group(table, *tables, ProgressBar(total=max(1, self.todo), completed=self.done), Text(self._line()))


class _CellLine(Tally):
    """The counts of one cell, as one line of the display."""

    def __init__(self, label: str, missing: int, counts: Mapping[str, int]) -> None:
        super().__init__(counts, missing)
        self.label = label
        self.total = self.done + missing

    @property
    def left(self) -> int:
        return self.total - self.done

    def accuracy(self) -> str:
        found = wilson(self.correct, self.scored)
        return interval(found.value, found.low, found.high) if self.scored else "-"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
