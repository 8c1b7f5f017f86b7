"""The registry of methods. Each way of solving without a teacher is a method; those with one are modes of trace_of_thought.

It is cheap to import, because the command line and configurations read it. Only building a graph imports LangGraph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..foundation.wording import nearest
from ..nodes.solving.ways import WAYS, Way

ENTRY_POINTS = "trace_of_thought.methods"
"""Entry point group through which installed packages add methods. Each entry point is a `Method`."""


@dataclass(frozen=True)
class Method:
    """A method of solving problems.

    Attributes:
        name: name, as in `--methods`.
        about: what it does, as a phrase.
        ways: its ways of solving, by mode; the first is the default. A method without a teacher has exactly one.
        source: publication that it comes from.
    """

    name: str
    about: str
    ways: Mapping[str, Way] = field(repr=False)
    source: str = ""

    @property
    def taught(self) -> bool:
        """Whether the method uses a teacher."""
        return any(way.lesson for way in self.ways.values())

    def prompts(self, mode: str = "", *, reviewed: bool = False, retries: bool = False) -> tuple[str, ...]:
        """Return the names of the prompts that a run may use, the teacher's first.

        Args:
            mode: a mode of this method, or a ladder. Default: the default mode.
            reviewed: whether a reviewer can reject the steps.
            retries: whether there can be more than one attempt.
        """
        used: list[str] = []
        lessons = {"steps": ["decompose", *(["redecompose"] if reviewed else [])], "solution": ["solution"], None: []}
        for way in self._ways_of(mode):
            used += [*lessons[way.lesson], *way.prompts]
        if "teacher" in mode:  # a ladder with that rung; no mode has the word in its name
            used.append("solution")
        return tuple(dict.fromkeys([*used, *(["retry"] if retries else [])]))

    def _ways_of(self, mode: str) -> Iterable[Way]:
        if not mode or mode not in self.ways:
            rungs = rung_names(mode) if is_ladder(mode) else [next(iter(self.ways))]
            return [WAYS[name] for name in rungs if name in WAYS]
        return [self.ways[mode]]


_BUILT_IN = (
    *(Method(way.name, way.about, {way.name: way}, way.source) for way in WAYS.values() if not way.lesson),
    Method(
        "trace_of_thought",
        "the teacher writes steps, the student follows them",
        {name: way for name, way in WAYS.items() if way.lesson},
        "McDonald and Emami 2024",
    ),
)
_METHODS: dict[str, Method] = {method.name: method for method in _BUILT_IN}

TAUGHT = "trace_of_thought"
"""The method with a teacher. There is only one: other ways of using a teacher are its modes."""

MODES: tuple[str, ...] = tuple(_METHODS[TAUGHT].ways)
"""Modes of trace_of_thought. A ladder such as "program_of_thought > program > teacher" counts as a mode, too."""

CONTROLS: dict[str, str] = {mode: way.control for mode, way in _METHODS[TAUGHT].ways.items()}
"""For each mode, the baseline that shows what the teacher adds."""


def register_method(method: Method) -> None:
    """Add a method of your own for this process.

    Raises:
        ValueError: the name is taken, or the method has a teacher: those are modes of trace_of_thought.
    """
    if method.taught:
        raise ValueError(f"method {method.name!r} has a teacher; wire a graph of your own for it (docs/extending.md)")
    if method.name in _METHODS:
        raise ValueError(f"a method {method.name!r} exists already; choose another name")
    _METHODS[method.name] = method


def method_names() -> tuple[str, ...]:
    """Return the names of all methods, in the order in which tables show them."""
    _load_entry_points()
    return tuple(_METHODS)


def method_named(name: str) -> Method:
    """Return a method by its name.

    Raises:
        ValueError: there is no method of this name; the message lists them.
    """
    if name not in _METHODS:
        _load_entry_points()
    if name not in _METHODS:
        raise ValueError(f"method={name!r} is unknown{nearest(name, _METHODS)}. Use one of {_listed(_METHODS)}")
    return _METHODS[name]


def way_of(method: str, mode: str, rung: str = "") -> Way | None:
    """Return the way in which a solution was asked for; None for the teacher's own and for a method that is unknown here.

    Args:
        method: name of the method.
        mode: its mode, or a ladder.
        rung: the rung of the ladder that gave the answer.
    """
    if rung:
        return WAYS.get(rung.removeprefix("reviewed "))
    try:
        ways = method_named(method).ways
    except ValueError:
        return None
    return ways.get(mode) or next(iter(ways.values()))


def check_mode(mode: str) -> str:
    """Return a mode of trace_of_thought, or a ladder in its normal form.

    Raises:
        ValueError: it is neither; the message lists the modes.
    """
    if is_ladder(mode):
        from .ladder import read_ladder

        return read_ladder(mode).text
    if mode not in MODES:
        raise ValueError(f"mode={mode!r} is unknown{nearest(mode, MODES)}. Use one of {_listed(MODES)}, or 'RUNG > RUNG'")
    return mode


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def is_ladder(mode: str) -> bool:
    """Return whether a mode is a ladder of several rungs."""
    return " > " in mode


def is_reviewed(mode: str, review: str = "never") -> bool:
    """Return whether a human may review steps, by the review policy or at a rung of a ladder."""
    return review != "never" or (is_ladder(mode) and any(rung.strip().startswith("reviewed ") for rung in mode.split(" > ")))


def rung_names(ladder: str) -> list[str]:
    """Return the names of the rungs of a ladder, without their conditions."""
    return [rung.split(" if ")[0].strip().removeprefix("reviewed ") for rung in ladder.split(" > ")]


def teacher_prompts(mode: str) -> frozenset[str]:
    """Return the names of the prompts that a mode, or a ladder, may ask its teacher."""
    # the rung "teacher" is no way of solving: there the teacher's own solution is the answer
    lessons = {WAYS[rung].lesson if rung in WAYS else "solution" for rung in rung_names(mode)}
    return frozenset("decompose" if lesson == "steps" else lesson for lesson in lessons if lesson)


@cache
def _load_entry_points() -> None:
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINTS):
        method: Any = entry.load()
        _METHODS.setdefault(method.name, method)
