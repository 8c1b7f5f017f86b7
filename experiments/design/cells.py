"""The cells of an experiment: every combination of problem set, method, teacher, student and options. See `expand`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, cast

from ...foundation.wording import nearest
from ...graphs.methods import is_reviewed, method_named
from ...prompts import PromptSet
from ...prompts.examples import digest
from ..journal.records import CellValues
from .config import ExperimentConfig, ModelConfig


@dataclass(frozen=True)
class Cell:
    """One combination: method, teacher, student, prompt set and options on one problem set.

    Attributes:
        problems: name of the problem set.
        source: where the problem set is loaded from.
        method: name of the method.
        teacher: the teacher; None for baselines.
        student: the student.
        prompts: name of the prompt set.
        prompts_hash: hash of the prompt texts.
        mode: how the student uses the teacher: a mode or a ladder; "joint" for baselines.
        samples: solutions per problem that vote.
        shots: number of few-shot examples.
        shots_by: how few-shot examples are chosen, see `ExperimentConfig`.
        examples: hash of the few-shot examples; "" without shots.
        hint_share: share of the teacher's solution that mode `hint` shows, see `GraphOptions`.
        seed: sampling seed.
        max_attempts: maximum attempts per problem.
        review: which plans a human reviews: "never", "always" or "flagged".
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
        """Hash of everything that the replies depend on. It is the same in every session, so runs can resume."""
        return _digest({**self._identity, "seed": self.seed})

    @cached_property
    def condition(self) -> str:
        """Hash of the same without the seed. Reports average the cells of one condition per problem."""
        return _digest(self._identity)

    @property
    def reviewed(self) -> bool:
        """Whether some plans may be reviewed by a human, by the review policy or by a rung of a ladder."""
        return self.teacher is not None and is_reviewed(self.mode, self.review)

    @property
    def _identity(self) -> dict[str, Any]:
        """The values that `id` hashes. Fields added later are left out at their defaults, so old journals keep their ids."""
        return {
            "problems": self.problems,
            "method": self.method,
            "teacher": self.teacher.identity if self.teacher else None,
            "student": self.student.identity,
            # the hash, not the name: an edited prompt set makes a new cell
            "prompts": self.prompts_hash,
            "mode": self.mode,
            "samples": self.samples,
            "max_attempts": self.max_attempts,
            **({"review": self.review} if self.review != "never" else {}),
            **({"shots": self.shots, "shots_by": self.shots_by, "examples": self.examples} if self.shots else {}),
            # a substring test, since ladders name their rungs: "standard > hint if no_answer"
            **({"hint_share": self.hint_share} if "hint" in self.mode else {}),
        }

    def as_dict(self) -> CellValues:
        """Return the cell as plain values for the journal, with the labels that tables show."""
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
        """The method with its options that are not defaults: "trace_of_thought (gpt-4-0613, sequential)"."""
        extras = [self.teacher.label] if self.teacher else []
        extras += [self.mode] if self.mode != "joint" else []
        extras += [f"{self.samples} samples"] if self.samples > 1 else []
        extras += [f"{self.shots} shots" + (f" {self.shots_by}" if self.shots_by != "first" else "")] if self.shots else []
        extras += [f"review {self.review}"] if self.review != "never" else []
        extras += [f"prompts {self.prompts}"] if self.prompts != "default" else []
        return self.method + (f" ({', '.join(extras)})" if extras else "")


def expand(config: ExperimentConfig, names: Sequence[str], prompts: Mapping[str, PromptSet]) -> list[Cell]:
    """Return all combinations that the configuration names, without duplicates, in the order of the tables.

    Args:
        config: the experiment.
        names: names of the problem sets, in the order of `config.problems`.
        prompts: prompt set by its name in the configuration.

    Raises:
        ValueError: an `exclude` rule matches nothing, or the rules match everything.
    """
    # combinations that differ only in speed or price have one id, and are run once
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
            # baselines have no teacher and no mode: one cell, however many of these are listed
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
                    # a hint is the beginning of a solution: there are no steps to review
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
    # the source is accepted, too: it is what the user wrote in the configuration
    if field == "problems":
        return cell.problems, cell.source
    return (value.label, value.model) if isinstance(value, ModelConfig) else (value,)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _digest(value: Any) -> str:
    # 48 bits are plenty for the few hundred cells of a journal
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]
