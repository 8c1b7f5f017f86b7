"""The cells of an experiment: all combinations of what it names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, cast

from ...foundation.nearest import nearest
from ...graphs.methods import is_reviewed, method_named
from ...prompts import PromptSet
from ...prompts.examples import digest
from ..journal.records import CellValues
from .config import ExperimentConfig, ModelConfig


@dataclass(frozen=True)
class Cell:
    """One method, teacher, student, prompt set and way of solving over one problem set.

    Attributes:
        problems: name of the problem set.
        source: where the set is loaded from.
        teacher: the teacher; None for baselines.
        prompts: name of the prompt set.
        prompts_hash: hash of its texts.
        examples: hash of the few-shot examples; "" if none are shown.
        hint_share: for mode `hint` and for ladders, see `GraphOptions`.
    """

    problems: str
    source: str
    method: str
    teacher: ModelConfig | None
    student: ModelConfig
    prompts: str
    prompts_hash: str
    mode: str = "joint"
    samples: int = 1
    shots: int = 0
    shots_by: str = "first"
    examples: str = ""
    hint_share: float | None = None
    seed: int = 0
    max_attempts: int = 1
    review: str = "never"

    @cached_property
    def id(self) -> str:
        """A hash of all that the replies depend on: the same cell has the same id in every session."""
        return _digest({**self._identity, "seed": self.seed})

    @cached_property
    def condition(self) -> str:
        """The id without the seed: cells of one condition are averaged per problem."""
        return _digest(self._identity)

    @property
    def reviewed(self) -> bool:
        """Whether a person may see the steps of some problems."""
        return self.teacher is not None and (self.review != "never" or is_reviewed(self.mode))

    @property
    def _identity(self) -> dict[str, Any]:
        """What the id is made from. Fields added later are left out at their defaults: old journals keep their ids."""
        return {
            "problems": self.problems,
            "method": self.method,
            "teacher": self.teacher.identity if self.teacher else None,
            "student": self.student.identity,
            "prompts": self.prompts_hash,
            "mode": self.mode,
            "samples": self.samples,
            "max_attempts": self.max_attempts,
            **({"review": self.review} if self.review != "never" else {}),
            **({"shots": self.shots, "shots_by": self.shots_by, "examples": self.examples} if self.shots else {}),
            **({"hint_share": self.hint_share} if "hint" in self.mode else {}),
        }

    def as_dict(self) -> CellValues:
        """Return plain values for the journal, with the labels that tables show."""
        values = {
            **self._identity,
            "source": self.source,
            "id": self.id,
            "condition": self.condition,
            "prompts": self.prompts,
            "prompts_hash": self.prompts_hash,
            "seed": self.seed,
            "teacher_label": self.teacher.label if self.teacher else "",
            "student_label": self.student.label,
            "label": self.label,
        }
        return cast(CellValues, values)

    @property
    def label(self) -> str:
        """The method with what it adds: "trace_of_thought (gpt-4-0613, sequential)"."""
        extras = [self.teacher.label] if self.teacher else []
        extras += [self.mode] if self.mode != "joint" else []
        extras += [f"{self.samples} samples"] if self.samples > 1 else []
        extras += [f"{self.shots} shots" + (f" {self.shots_by}" if self.shots_by != "first" else "")] if self.shots else []
        extras += [f"review {self.review}"] if self.review != "never" else []
        extras += [f"prompts {self.prompts}"] if self.prompts != "default" else []
        return self.method + (f" ({', '.join(extras)})" if extras else "")


def expand(config: ExperimentConfig, names: Sequence[str], prompts: Mapping[str, PromptSet]) -> list[Cell]:
    """Return the cells in the order in which they are shown, each once.

    Args:
        config: the experiment.
        names: names of the problem sets, in the order of `config.problems`.
        prompts: prompt sets by their names in the configuration.

    Raises:
        ValueError: an `exclude` rule matches nothing, or the rules match everything.
    """
    cells = {cell.id: cell for cell in _product(config, names, prompts)}
    rules = [rule.model_dump(exclude_unset=True) for rule in config.exclude]
    for rule in rules:
        _check_use(rule, cells.values())
    kept = [cell for cell in cells.values() if not any(_matches(cell, rule) for rule in rules)]
    if not kept:
        raise ValueError(f"exclude removes all {len(cells)} combinations; remove a rule")
    return kept


def _product(config: ExperimentConfig, names: Sequence[str], prompts: Mapping[str, PromptSet]) -> Iterator[Cell]:
    for (name, problems), student, spec in product(zip(names, config.problems, strict=True), config.students, config.prompts):
        for method in config.methods:
            taught = method_named(method).taught
            modes = (*config.modes, *config.escalate) if taught else ("joint",)
            ways = product(config.teachers if taught else [None], modes, config.samples, config.shots, config.seeds)
            for teacher, mode, samples, shots, seed in ways:
                yield Cell(
                    problems=name,
                    source=problems.source,
                    method=method,
                    teacher=teacher,
                    student=student,
                    prompts=prompts[spec].name,
                    prompts_hash=prompts[spec].hash,
                    mode=mode,
                    samples=samples,
                    shots=shots,
                    shots_by=config.shots_by,
                    examples=digest(prompts[spec].examples) if shots else "",
                    hint_share=config.hint_share,
                    seed=seed,
                    max_attempts=config.max_attempts,
                    review=config.review if taught and mode != "hint" else "never",
                )


def _check_use(rule: Mapping[str, Any], cells: Collection[Cell]) -> None:
    """Refuse a rule that matches no cell: most likely it is misspelt."""
    if any(_matches(cell, rule) for cell in cells):
        return
    for field, wanted in rule.items():
        known = sorted({str(name) for cell in cells for name in _names(cell, field) if name is not None})
        for value in map(str, _listed(wanted)):
            if value not in known:
                near = nearest(value, known)
                raise ValueError(
                    f"exclude: no combination has the {field} {value!r}{near}; there is {', '.join(known) or 'none'}"
                )
    raise ValueError(
        f"exclude: no combination has {', '.join(f'{name}={value}' for name, value in rule.items())}; remove the rule"
    )


def _matches(cell: Cell, rule: Mapping[str, Any]) -> bool:
    return all(any(name in _listed(wanted) for name in _names(cell, field)) for field, wanted in rule.items())


def _names(cell: Cell, field: str) -> tuple[Any, ...]:
    """Return the names by which a rule may call a cell's problems, method, ..."""
    value = getattr(cell, field)
    if field == "problems":
        return cell.problems, cell.source
    return (value.label, value.model) if isinstance(value, ModelConfig) else (value,)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]
