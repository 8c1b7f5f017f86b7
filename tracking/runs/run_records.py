"""What an experiment passes to MLflow: plain records, made from its journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Progress = tuple[int, int, dict[str, float]]
"""A point of a curve: step, Unix time in milliseconds, metrics."""

RunStatus = Literal["RUNNING", "FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True)
class DatasetRecord:
    """A problem set.

    Attributes:
        name: name shown in MLflow.
        source: where the problems come from: a file, a hub id, "sample".
        digest: hash of the content, at most 36 characters.
        rows: number of problems.
        columns: names of its columns.
    """

    name: str
    source: str
    digest: str
    rows: int
    columns: tuple[str, ...] = ("question", "reference")


@dataclass(frozen=True)
class PromptRecord:
    """A prompt set: the fields of `prompts.PromptSet`."""

    name: str
    version: str
    hash: str
    texts: Mapping[str, str]


@dataclass
class CellRecord:
    """A cell of an experiment: one method, teacher, student and problem set. Becomes a child run.

    Attributes:
        id: identifies the cell within its experiment; never changes.
        name: name shown in MLflow.
        params: everything needed to reproduce the cell.
        metrics: final metrics.
        progress: points of the curves.
        dataset: its problem set.
        prompts: its prompt set.
        prompts_used: the prompts of the set that the cell can use.
        rows: one row per problem; logged as one table, `problems.json`.
        tags: further tags.
    """

    id: str
    name: str
    params: dict[str, Any]
    metrics: dict[str, float] = field(default_factory=dict)
    progress: list[Progress] = field(default_factory=list)
    dataset: DatasetRecord | None = None
    prompts: PromptRecord | None = None
    prompts_used: tuple[str, ...] = ()
    rows: Iterable[Mapping[str, Any]] | None = None
    status: RunStatus = "RUNNING"
    started_ms: int | None = None
    ended_ms: int | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class ExperimentRecord:
    """An experiment: its cells and what they share. Becomes a parent run.

    Attributes:
        id: identifies the experiment; unique and permanent.
        name: name of the MLflow experiment.
        title: name of the parent run.
        params: parameters that all cells share.
        metrics: metrics of the whole experiment.
        description: Markdown, shown on the run's page.
        artifacts: files by name, each as a path or as its text.
        tags: further tags.
        former: earlier names, oldest first. An MLflow experiment with such a name that contains nothing else is renamed.
    """

    id: str
    name: str
    title: str
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    description: str = ""
    artifacts: dict[str, Path | str] = field(default_factory=dict)
    status: RunStatus = "RUNNING"
    started_ms: int | None = None
    ended_ms: int | None = None
    cells: list[CellRecord] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    former: tuple[str, ...] = ()
