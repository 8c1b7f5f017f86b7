"""Read the samples that lm-evaluation-harness writes with --log_samples, one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...foundation.lines import numbered_lines
from .scored import Log, ScoredProblem

_QUESTIONS = ("question", "problem", "query", "input", "prompt", "goal", "text", "ctx")
"""Names under which data sets store the question, the most likely first. Tasks do not say which one theirs is."""


def read_lm_eval(path: Path, *, texts: bool, score: str | None) -> Log:
    """Read a samples file of lm-evaluation-harness.

    Args:
        path: the file, `samples_TASK_TIME.jsonl`.
        texts: also read the model's outputs.
        score: name of the metric, or FILTER/METRIC if several filters were applied. Default: the first filter and metric.

    Raises:
        ValueError: the file is not a samples file or has no such metric; the message names the line.
    """
    filter_name, _, metric = (score or "").rpartition("/")
    problems: dict[str, ScoredProblem] = {}
    for number, sample in _lines(path):
        filter_name = filter_name or str(sample.get("filter", ""))
        # each filter repeats all samples: reading several would count every problem more than once
        if sample.get("filter", "") != filter_name:
            continue
        metric = metric or next(iter(sample["metrics"]), "")
        if metric not in sample:
            raise ValueError(f"{path}, line {number}: no metric {metric!r}; it has {', '.join(sample['metrics'])}")
        problem = problems.setdefault(str(sample["doc_id"]), _problem(sample))
        problem.scores.append(_number(sample[metric], metric, path, number))
        if texts:
            problem.texts.append(_reply(sample))
    if not problems:
        raise ValueError(f"{path} has no samples" + (f" of the filter {filter_name!r}" if filter_name else ""))
    task = path.stem.removeprefix("samples_")
    # the harness names the folder after the model; the file itself does not say it
    return Log("lm_eval", task, path.parent.name or "model", "/".join(filter(None, [filter_name, metric])), problems)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        try:
            sample = json.loads(line)
            for name in ("doc_id", "doc"):
                sample[name]
            sample["metrics"][0]
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise ValueError(
                f"{path}, line {number}: not a sample of lm-evaluation-harness ({type(error).__name__}: {error}); "
                "run it with --log_samples"
            ) from error
        yield number, sample


def _problem(sample: Mapping[str, Any]) -> ScoredProblem:
    doc = sample["doc"] if isinstance(sample["doc"], dict) else {}
    texts = {name: value for name, value in doc.items() if isinstance(value, str)}
    # without a known name, the longest text is most likely the question
    question = next((texts[name] for name in _QUESTIONS if name in texts), max(texts.values(), key=len, default=""))
    target = sample.get("target")
    return ScoredProblem(str(sample["doc_id"]), question, None if target is None else str(target), metadata=doc)


def _number(value: Any, metric: str, path: Path, number: int) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"{path}, line {number}: {metric} is {str(value)[:60]!r}, which is not the score of a sample"
        ) from None


def _reply(sample: Mapping[str, Any]) -> str:
    found = sample.get("resps")
    # replies are nested by request and repetition; the first one is read
    while isinstance(found, list) and found:
        found = found[0]
    return found if isinstance(found, str) else ""
