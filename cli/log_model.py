"""`tot log-model`: the configured graph as an MLflow model."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def log_model(
    student: Annotated[str, typer.Option(help="PROVIDER:NAME, or hf: and a hub id, a folder or a .gguf file.")],
    teacher: Annotated[str, typer.Option(help="PROVIDER:NAME, recorded:FILE, or 'self' for the student.")] = "self",
    method: Annotated[
        str, typer.Option(help="trace_of_thought, standard, chain_of_thought or plan_and_solve.")
    ] = "trace_of_thought",
    prompts: Annotated[str, typer.Option(help="Prompt set: default, plain, a folder or registry:NAME.")] = "default",
    mode: Annotated[str, typer.Option(help="joint (all steps at once) or sequential (one by one).")] = "joint",
    samples: Annotated[int, typer.Option(min=1, help="Solutions to vote over.")] = 1,
    max_attempts: Annotated[int, typer.Option(min=1, help="Tries of the student.")] = 1,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Token limit of one reply of the student.")] = None,
    experiment: Annotated[str, typer.Option(help="Name of the MLflow experiment.")] = "trace_of_thought",
    name: Annotated[str, typer.Option(help="Name of the logged model.")] = "trace_of_thought",
    register_as: Annotated[str | None, typer.Option(help="Name in the model registry.")] = None,
    tracking_uri: Annotated[
        str | None, typer.Option(help="Where to log; default: MLFLOW_TRACKING_URI, else mlflow.db here.")
    ] = None,
) -> None:
    """Log a graph as an MLflow model that `mlflow models serve` can serve."""
    from ..graphs.baselines import BASELINES
    from ..prompts import load_prompts
    from ..tracking import connect, log_model as log
    from ..tracking.prompts import SCHEME, load_registry_prompts

    if method not in ("trace_of_thought", *BASELINES):
        raise ValueError(f"method {method!r} is unknown; use trace_of_thought, {', '.join(BASELINES)}")
    store = connect(tracking_uri)
    source: Any = load_registry_prompts(prompts, tracking_uri=tracking_uri) if prompts.startswith(SCHEME) else prompts
    options: dict[str, Any] = {"samples": samples, "max_attempts": max_attempts}
    if method == "trace_of_thought":
        options["mode"] = mode
    uri = log(
        store,
        experiment,
        student=student,
        teacher=teacher,
        method=method,
        prompts=load_prompts(source).texts,
        student_options={"max_tokens": max_tokens} if max_tokens else None,
        options=options,
        name=name,
        register_as=register_as,
    )
    print(f"logged {uri} to {store.shown_uri}")
    print(f"serve it: {_serving(uri, store.shown_uri)}")
    print("ask it: curl localhost:5001/invocations -H 'Content-Type: application/json' \\")
    print("""          -d '{"dataframe_records": [{"question": "What is 6 * 7?"}]}'""")


def _serving(model: str, store: str) -> str:
    """Return the command that serves a model. MLflow starts uvicorn by its name, so the shell has to find it."""
    import shlex
    import shutil
    import sys
    from pathlib import Path

    command = f"MLFLOW_TRACKING_URI={shlex.quote(store)} mlflow models serve -m {model} --env-manager local --port 5001"
    here = Path(sys.executable).parent
    found = shutil.which("uvicorn")
    return command if found and Path(found).parent == here else f'PATH={shlex.quote(str(here))}:"$PATH" {command}'
