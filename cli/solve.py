"""`tot solve`: one question, its steps, solution, answer and status as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .options import fallback

if TYPE_CHECKING:
    from rich.console import Console

    from ..tracking import TraceHandler

METHODS = ("trace_of_thought", "standard", "chain_of_thought", "plan_and_solve")


def solve(
    question: Annotated[str, typer.Argument(help="The problem, in words.")],
    teacher: Annotated[str, typer.Option(help="PROVIDER:NAME, recorded:FILE, or 'self' for the student.")] = "self",
    student: Annotated[str, typer.Option(help="PROVIDER:NAME, or hf: and a hub id, a folder or a .gguf file.")] = "",
    reference: Annotated[str | None, typer.Option(help="The known answer, to verify against.")] = None,
    method: Annotated[str, typer.Option(help=f"One of {', '.join(METHODS)}.")] = METHODS[0],
    prompts: Annotated[str, typer.Option(help="Prompt set: default, plain or a folder.")] = "default",
    mode: Annotated[str, typer.Option(help="joint (all steps at once) or sequential (one by one).")] = "joint",
    review: Annotated[str, typer.Option(help="Whether you see the steps first, here: never, always, flagged.")] = "never",
    samples: Annotated[int, typer.Option(min=1, help="Solutions to vote over.")] = 1,
    max_attempts: Annotated[int, typer.Option(min=1, help="Tries of the student.")] = 1,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Token limit of one reply of the student.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Of an OpenAI-compatible server, for remote models.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds for one remote call.")] = 120.0,
    tracking: Annotated[bool, typer.Option(help="Write the trace to MLflow.")] = True,
    tracking_uri: Annotated[str | None, typer.Option(help="Default: MLFLOW_TRACKING_URI, else mlflow.db here.")] = None,
    tracking_fallback: Annotated[str | None, typer.Option(help="'local': write here if the server is away.")] = None,
) -> None:
    """Solve one QUESTION and show steps, solution, answer and status as they come."""
    from rich.console import Console

    from .showing import show

    if not question.strip():
        raise typer.BadParameter("it is empty; write the problem in words", param_hint="QUESTION")
    if method not in METHODS:
        raise typer.BadParameter(f"{method!r} is unknown; use one of {', '.join(METHODS)}", param_hint="--method")
    if not student:
        raise typer.BadParameter(
            "missing; for example --student hf:HuggingFaceTB/SmolLM2-135M-Instruct", param_hint="--student"
        )
    if review != "never" and not sys.stdin.isatty():
        raise typer.BadParameter("it needs a terminal; use tot run --review and tot review", param_hint="--review")
    by = teacher if method == METHODS[0] else "self"
    taught_by, own = load_models(by, student, base_url=base_url, timeout=timeout, max_tokens=max_tokens)
    options = {"prompts": prompts, "samples": samples, "max_attempts": max_attempts}
    problem = {"question": question, "reference": reference}
    console = Console(highlight=False, markup=False)
    with _traced(tracking_uri, fallback(tracking_fallback), console) if tracking else nullcontext():
        if review == "never" or method != METHODS[0]:
            show(_graph(method, taught_by, own, mode, options), problem, console)
        else:
            _solve_reviewed(taught_by, own, {"mode": mode, "review": review, **options}, problem, console)


def _graph(method: str, teacher: Any, student: Any, mode: str, options: dict[str, Any]) -> Any:
    from ..graphs.baselines import build_baseline
    from ..graphs.trace_of_thought import build_trace_of_thought

    if method == METHODS[0]:
        return build_trace_of_thought(teacher, student, mode=mode, **options)  # type: ignore[arg-type]
    return build_baseline(method, student, **options)  # type: ignore[arg-type]


def _solve_reviewed(teacher: Any, student: Any, options: dict[str, Any], problem: dict[str, Any], console: Console) -> None:
    """Pause for the person at this terminal; what is not decided is not kept."""
    import getpass
    from pathlib import Path
    from tempfile import TemporaryDirectory
    from uuid import uuid4

    from langgraph.types import Command

    from ..graphs.trace_of_thought import build_trace_of_thought
    from ..review import open_queue
    from ..review.terminal import TerminalReview
    from .showing import show

    thread = f"solve-{uuid4().hex[:8]}"
    config = {"configurable": {"thread_id": thread}}
    with TemporaryDirectory() as folder:
        queue = open_queue(str(Path(folder) / "reviews.sqlite"))
        with queue.store.saver() as saver:
            graph = build_trace_of_thought(teacher, student, checkpointer=saver, **options)
            state = show(graph, problem, console, config)
            while "__interrupt__" in state:
                TerminalReview(queue, reviewer=getpass.getuser()).run()
                if thread not in (answers := queue.answers()):
                    console.print("Not solved: the steps were not decided.", style="yellow")
                    raise typer.Exit(1)
                interrupt_id, answer = answers[thread]
                queue.take(thread, interrupt_id)
                state = show(graph, Command(resume={interrupt_id: answer}), console, config)


@contextmanager
def _traced(uri: str | None, fallback: Literal["local"] | None, console: Console) -> Iterator[None]:
    """Trace what is solved, and say where the trace is, also where solving failed."""
    from ..tracking import traced

    handler = None
    try:
        with traced("solve", uri, fallback=fallback) as handler:
            yield
    finally:
        if handler is not None and handler.last_trace_id:
            console.print(_where(handler), style="dim", soft_wrap=True)


def _where(handler: TraceHandler) -> str:
    store, trace = handler.store, handler.last_trace_id
    page = store.page(f"/experiments/{handler.tree.experiment_id}/traces?selectedEvaluationId={trace}")
    where = page or f"trace {trace} of experiment 'solve' in {store.address}; look at it with: tot ui"
    return f"MLflow: {where}"


def load_models(teacher: str, student: str, *, base_url: str | None, timeout: float, max_tokens: int | None) -> tuple[Any, Any]:
    """Return teacher and student; the base URL is for those of them that are remote, the token limit for the student."""
    own = _load(student, base_url, timeout, max_tokens)
    return own if teacher == "self" else _load(teacher, base_url, timeout, None), own


def _load(spec: str, base_url: str | None, timeout: float, max_tokens: int | None) -> Any:
    from ..models.load import load_chat_model

    options: dict[str, Any] = {"max_tokens": max_tokens} if max_tokens else {}
    if not spec.startswith(("hf:", "recorded:")):
        options |= {"timeout": timeout, "base_url": base_url} if base_url else {"timeout": timeout}
    return load_chat_model(spec, **options)
