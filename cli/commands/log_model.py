"""`tot log-model`: log a configured graph as an MLflow model."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ...experiments.design.plan import load_prompt_set
from ...graphs.graph_options import mode_options
from ...graphs.methods import TAUGHT, method_named
from ...prompts.examples import check_shots
from ...tracking import connect, log_model as log
from ..models import checked, recordings
from ..shared_options import MaxAttempts, MaxTokens, Method, Mode, Prompts, Samples, Shots, Student, Teacher, TrackingUri

_QUESTION = "What is 6 * 7?"


def log_model(
    student: Student,
    teacher: Teacher = "self",
    method: Method = TAUGHT,
    prompts: Prompts = "default",
    mode: Mode = "joint",
    samples: Samples = 1,
    shots: Shots = 0,
    max_attempts: MaxAttempts = 1,
    max_tokens: MaxTokens = None,
    experiment: Annotated[str, typer.Option(help="MLflow experiment to log to.")] = "trace_of_thought",
    name: Annotated[str, typer.Option(help="Name of the logged model.")] = "trace_of_thought",
    register_as: Annotated[str | None, typer.Option(help="Also register the model under this name.")] = None,
    tracking_uri: TrackingUri = None,
) -> None:
    """Log the solver as an MLflow model.

    Prints the `mlflow models serve` command that serves it. Keys are not stored.
    """
    from ...graphs.interfaces.configured import configured_graph

    # A wrong name fails here, before anything is logged.
    checked(teacher=teacher, student=student)
    prompt_set = load_prompt_set(prompts, tracking_uri)
    check_shots(prompt_set.examples, shots)
    store = connect(tracking_uri)
    options: dict[str, Any] = {"samples": samples, "shots": shots, "max_attempts": max_attempts}
    if method_named(method).taught:
        options |= mode_options(mode)
    uri = log(
        store,
        experiment,
        build=configured_graph,
        student=student,
        teacher=teacher,
        method=method,
        prompts=asdict(prompt_set),
        student_options={"max_tokens": max_tokens} if max_tokens else None,
        options=options,
        name=name,
        register_as=register_as,
    )
    print(f"logged {uri} to {store.shown_uri}")
    print(f"serve it: {_serving(uri, store.shown_uri)}")
    print("ask it: curl localhost:5001/invocations -H 'Content-Type: application/json' \\")
    print(f"          -d {shlex.quote(json.dumps({'dataframe_records': [{'question': _question(teacher, student)}]}))}")


def _question(*models: str) -> str:
    """Return a question that models can answer: recorded ones know only their own."""
    known = [set(model.questions) for model in recordings(*models)]
    return min(set.intersection(*known), default=_QUESTION) if known else _QUESTION


def _serving(model: str, store: str) -> str:
    """Return the command that serves a model. It sets PATH if needed, since MLflow starts uvicorn by its name."""
    command = f"MLFLOW_TRACKING_URI={shlex.quote(store)} mlflow models serve -m {model} --env-manager local --port 5001"
    here = Path(sys.executable).parent
    found = shutil.which("uvicorn")
    return command if found and Path(found).parent == here else f'PATH={shlex.quote(str(here))}:"$PATH" {command}'
