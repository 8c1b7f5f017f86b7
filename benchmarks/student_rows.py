"""The rows of student.py: what was measured, printed and kept in a file as soon as it is known, and their ratios."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Leg:
    """One stretch of generation: tokens, and seconds from the first call to the last reply."""

    tokens: int
    seconds: float


@dataclass
class Row:
    name: str
    legs: list[Leg] = field(default_factory=list)
    others: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return sum(leg.tokens for leg in self.legs) / sum(leg.seconds for leg in self.legs)

    def __str__(self) -> str:
        tokens, seconds = sum(leg.tokens for leg in self.legs), sum(leg.seconds for leg in self.legs)
        others = " ".join(f"{cores:.2f}" for cores in self.others)
        legs = " ".join(f"{leg.tokens / leg.seconds:.1f}" for leg in self.legs)
        each = f" (each: {legs})" if len(self.legs) > 1 else ""
        return f"{self.name:26} {self.rate:7.1f} tokens/s{each}  {tokens} tokens  {seconds:.1f} s  others {others} cores"


class Rows:
    """What is measured.

    Args:
        goals: name of each ratio, and its two rows and its goal.
        settings: kept in the file beside the rows.
        file: written after each stretch, if given.
    """

    def __init__(self, goals: dict[str, tuple[str, str, float]], settings: dict[str, Any], file: Path | None) -> None:
        self._goals, self._settings, self._file = goals, settings, file
        self._rows: dict[str, Row] = {}
        self._start = time.perf_counter()

    def measure(self, contestants: dict[str, list[Callable[[], Leg | None]]]) -> None:
        """Run the first stretch of each contestant, then the second of each, and so on, so that a change of the machine's
        load meets all of them; a stretch that gives nothing is left out."""
        for stretch in zip(*contestants.values(), strict=True):
            for name, run in zip(contestants, stretch, strict=True):
                self._add(name, run)
        for name in contestants:
            if name in self._rows:
                print(self._rows[name], flush=True)
        for ratio, (mine, theirs, _) in self._goals.items():
            if {mine, theirs} & contestants.keys() and {mine, theirs} <= self._rows.keys():
                print("   ", self._ratio_line(ratio), flush=True)

    def report(self) -> None:
        """Print every ratio, and the time that all took."""
        for ratio in self._goals:
            print(self._ratio_line(ratio))
        print(f"{self._seconds():.0f} s in all, with loading", flush=True)
        self._write()

    def _add(self, name: str, run: Callable[[], Leg | None]) -> None:
        before, start = _cpu_seconds(), time.perf_counter()
        leg = run()
        others = (_cpu_seconds() - before) / (time.perf_counter() - start)
        if leg is not None:
            row = self._rows.setdefault(name, Row(name))
            row.legs.append(leg)
            row.others.append(round(others, 2))
            self._write()

    def _ratio(self, name: str) -> float | None:
        mine, theirs, _ = self._goals[name]
        both = {mine, theirs} <= self._rows.keys()
        return self._rows[mine].rate / self._rows[theirs].rate if both else None

    def _ratio_line(self, name: str) -> str:
        ratio = self._ratio(name)
        return f"{name:34} {'not measured' if ratio is None else f'{ratio:.2f}':>12}  (goal {self._goals[name][2]})"

    def _write(self) -> None:
        if self._file is None:
            return
        rows = [{"name": row.name, "tokens_per_second": row.rate, **_plain(row)} for row in self._rows.values()]
        ratios = {name: {"ratio": self._ratio(name), "goal": goal[2]} for name, goal in self._goals.items()}
        write_json(self._file, {"settings": self._settings, "rows": rows, "ratios": ratios, "seconds": self._seconds()})

    def _seconds(self) -> float:
        return round(time.perf_counter() - self._start, 1)


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Replace the file at once, so that whoever reads it never finds half of it."""
    draft = file.with_name(file.name + ".part")
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(file)


def _plain(row: Row) -> dict[str, Any]:
    return {"legs": [asdict(leg) for leg in row.legs], "others_cores": row.others}


def _cpu_seconds() -> float:
    """CPU seconds that other processes than this and its ended children have used, where /proc tells."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    fields = [int(value) for value in stat.read_text().split("\n")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])
