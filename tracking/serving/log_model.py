"""Log a configured graph as an MLflow model: stored as code, served by `mlflow models serve`."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...foundation.folders import PACKAGE

if TYPE_CHECKING:
    from ..store.store import Store

_SCRIPT = Path(__file__).with_name("served_graph.py")


def log_model(
    store: Store,
    experiment: str,
    *,
    build: Callable[[Mapping[str, Any]], Any],
    student: str,
    teacher: str = "self",
    method: str = "trace_of_thought",
    prompts: Mapping[str, Any],
    student_options: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    name: str = "trace_of_thought",
    register_as: str | None = None,
) -> str:
    """Log a graph as a model and return its URI, `models:/...`.

    The model contains the code of this package, the prompts and recorded steps, but no keys. Teacher and student are loaded
    by name where the model is served, with the keys of that environment.

    Args:
        store: an open tracking store.
        experiment: name of the MLflow experiment.
        build: function that builds the graph from the configuration where the model is served, such as
            `graphs.interfaces.configured.configured_graph`. It is stored by name, so it must be importable there.
        student: name of the student, as for `load_chat_model`.
        teacher: name of the teacher, as for `load_chat_model`, or "self".
        method: "trace_of_thought" or a baseline.
        prompts: the prompt set as `dataclasses.asdict` gives it.
        student_options: options for `load_chat_model`, such as `max_tokens`.
        options: options of the graph, such as `mode`, `samples`, `max_attempts`.
        name: name of the logged model.
        register_as: name in the model registry, where it becomes a new version.
    """
    import mlflow

    config = {
        "build": f"{build.__module__}:{build.__qualname__}",
        "method": method,
        "teacher": teacher,
        "student": student,
        "prompts": dict(prompts),
        "student_options": dict(student_options or {}),
        "options": dict(options or {}),
    }
    with _addressing(store.uri), tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # With an input example, MLflow would load the models and call them. There is none, so hide its warning.
        warnings.filterwarnings("ignore", ".*An input example was not provided", UserWarning)
        mlflow.set_experiment(experiment_id=store.experiment_id(experiment))
        info = mlflow.pyfunc.log_model(
            name=name,
            python_model=str(_SCRIPT),
            model_config=config,
            artifacts=_recordings(teacher=teacher, student=student),
            code_paths=[str(_copy_package(Path(folder)))],
            pip_requirements=_requirements([teacher, student]),
            signature=_signature(),
            registered_model_name=register_as,
        )
    return info.model_uri


@contextmanager
def _addressing(uri: str) -> Iterator[None]:
    """Point MLflow's global functions at a store inside the block: `pyfunc.log_model` takes no address."""
    import mlflow

    tracking, registry = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(tracking)
        mlflow.set_registry_uri(registry)


def _copy_package(folder: Path) -> Path:
    """Copy the package under its own name, because the folder of a checkout may have any name."""
    target = folder / "trace_of_thought"
    target.mkdir()
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    for file in ("__init__.py", "__init__.pyi", "py.typed"):
        shutil.copy(PACKAGE / file, target)
    for room in PACKAGE.iterdir():
        if (room / "__init__.py").is_file():
            shutil.copytree(room, target / room.name, ignore=ignored)
    return target


def _recordings(**specs: str) -> dict[str, str] | None:
    """Return the files that `recorded:` models replay, by role, to be stored with the model."""
    # "#TEACHER" after the path selects one of the teachers in the file.
    files = {
        role: spec.removeprefix("recorded:").partition("#")[0] for role, spec in specs.items() if spec.startswith("recorded:")
    }
    return {role: str(Path(file).resolve()) for role, file in files.items() if Path(file).is_file()} or None


def _requirements(specs: list[str]) -> list[str]:
    """Return the package's requirements, including the extras that these models need."""
    # The package itself comes with the model; only what it needs is installed.
    extras = {"local" for spec in specs if spec.startswith("hf:")} | {"openai" for spec in specs if spec.startswith("openai:")}
    kept = []
    for requirement in requires("trace-of-thought") or []:
        plain, _, marker = requirement.partition(";")
        extra = re.search(r"extra\s*==\s*['\"](\w+)['\"]", marker)
        if extra is None or extra[1] in extras:
            kept.append(plain.strip())
    return kept


def _signature() -> Any:
    """Return the model's input columns. Only the question is required."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    optional = [ColSpec("string", name, required=False) for name in ("reference", "problem_id", "domain")]
    return ModelSignature(inputs=Schema([ColSpec("string", "question"), *optional]))
