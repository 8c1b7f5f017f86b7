"""Fill one MLflow run: parameters, problem set, prompts, metrics, table, description, files. Everything is idempotent."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .run_records import DatasetRecord, Progress, RunStatus

if TYPE_CHECKING:
    from mlflow.entities import Metric

    from ..store.store import Store

TABLE = "problems.json"

# MLflow's limits for one call and one value.
_PARAMS_A_CALL = 100
_METRICS_A_CALL = 1000
_LONGEST_PARAM = 6000
_LONGEST_NOTE = 8000
_T = TypeVar("_T")


def log_params(store: Store, run: str, params: Mapping[str, Any]) -> None:
    """Log parameters. MLflow cannot change a logged parameter, so a later value becomes a tag `updated.NAME`."""
    from mlflow.entities import Param, RunTag

    known = store.client.get_run(run).data.params
    wanted = {key: _text(store, value)[:_LONGEST_PARAM] for key, value in params.items() if value is not None}
    new = [Param(key, value) for key, value in wanted.items() if key not in known]
    updated = [RunTag(f"updated.{key}", value) for key, value in wanted.items() if known.get(key, value) != value]
    for chunk in _chunks(new, _PARAMS_A_CALL):
        store.client.log_batch(run, params=chunk)
    for tags in _chunks(updated, _PARAMS_A_CALL):
        store.client.log_batch(run, tags=tags)


def log_dataset(store: Store, run: str, dataset: DatasetRecord) -> None:
    """Log the problem set as an input of the run."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    entity = Dataset(
        name=dataset.name[:500],
        digest=dataset.digest[:36],  # lengths are MLflow's limits
        source_type="local" if Path(dataset.source).suffix else "code",
        source=json.dumps({"uri": dataset.source}),
        schema=json.dumps({"mlflow_colspec": [{"type": "string", "name": name, "required": True} for name in dataset.columns]}),
        profile=json.dumps({"num_rows": dataset.rows}),
    )
    store.client.log_inputs(run, [DatasetInput(entity, [InputTag("mlflow.data.context", "evaluation")])])


def log_prompts(store: Store, run: str, versions: Mapping[str, int]) -> None:
    """Link registered prompts to the run."""
    from mlflow.tracing.constant import TraceTagKey

    linked = [{"name": name, "version": str(version)} for name, version in versions.items()]
    store.client.set_tag(run, TraceTagKey.LINKED_PROMPTS, json.dumps(linked))


def log_table(store: Store, run: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Log the problems of a cell as one table, replacing an earlier one. MLflow's own `log_table` would append to it."""
    columns: dict[str, None] = {}
    plain = []
    for row in rows:
        plain.append({key: _cell(store.redactor.value(value)) for key, value in row.items()})
        columns |= dict.fromkeys(plain[-1])
    table = {"columns": list(columns), "data": [[row.get(column) for column in columns] for row in plain]}
    store.client.log_text(run, json.dumps(table, ensure_ascii=False), TABLE)
    # Makes the UI show it as a table.
    store.client.set_tag(run, "mlflow.loggedArtifacts", json.dumps([{"path": TABLE, "type": "table"}]))


def log_description(store: Store, run: str, text: str) -> None:
    """Show Markdown on the run's page; text beyond MLflow's limit is cut, with a note."""
    if not text:
        return
    if len(text) > _LONGEST_NOTE:
        cut = "\n\n(shortened; the full text is among the artifacts)"
        text = text[: _LONGEST_NOTE - len(cut)] + cut
    store.client.set_tag(run, "mlflow.note.content", store.redactor.text(text))


def log_files(store: Store, run: str, files: Mapping[str, Path | str]) -> None:
    """Log artifacts, given as paths or as texts."""
    for name, content in files.items():
        text = content.read_text(encoding="utf-8") if isinstance(content, Path) and _is_text(content) else content
        if isinstance(text, str):
            store.client.log_text(run, store.redactor.text(text), name)
        else:
            folder, _, _ = name.rpartition("/")
            # Binary files, such as images, cannot be redacted.
            store.client.log_artifact(run, str(text), folder or None)


def fill_run(
    store: Store, run: str, metrics: Mapping[str, float], progress: Sequence[Progress], status: RunStatus, ended_ms: int | None
) -> None:
    """Log the curves and the final metrics, and set the status of the run."""
    points = [point for step, at, values in progress for point in metric_points(values, step, at)]
    last_step, _, last = max(progress, key=lambda point: point[0], default=(0, 0, {}))
    # A final metric that equals the last point of its curve would appear twice.
    final = {key: value for key, value in metrics.items() if last.get(key) != value}
    points += metric_points(final, last_step, ended_ms or store.client.get_run(run).info.start_time)
    for chunk in _chunks(points, _METRICS_A_CALL):
        store.client.log_batch(run, metrics=chunk)
    # A rerun opens a finished run again.
    if status == "RUNNING":
        store.client.update_run(run, status="RUNNING")
    else:
        store.client.set_terminated(run, status, ended_ms)


def metric_points(metrics: Mapping[str, float], step: int, at_ms: int) -> list[Metric]:
    """Return metrics as MLflow entities; values that are missing or not finite are left out."""
    from mlflow.entities import Metric

    known = ((key, value) for key, value in metrics.items() if value is not None and math.isfinite(value))
    return [Metric(key, float(value), at_ms, step) for key, value in known]


def _chunks(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _text(store: Store, value: Any) -> str:
    plain = store.redactor.value(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _cell(value: Any) -> Any:
    """Return lists and dicts as JSON text, which MLflow's table can show and sort."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _is_text(path: Path) -> bool:
    return path.suffix.lower() in {".txt", ".md", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".svg", ".html", ".log"}
