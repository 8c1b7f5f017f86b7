"""`tot solve`: solve one question and stream its steps, solution, answer and status."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import uuid4

import typer
from rich.console import Console

from ...experiments.design.config import Review
from ...experiments.design.plan import load_prompt_set
from ...foundation.commands import program
from ...graphs.build import build_graph
from ...graphs.graph_options import GraphOptions, mode_options
from ...graphs.methods import TAUGHT, is_ladder, is_reviewed, method_named, teacher_prompts
from ...models.names import TIMEOUT
from ...prompts.examples import choose_examples
from ...tracking import traced
from ..models import load_models, recordings
from ..screens.single_run import refused, show
from ..shared_options import (
    BaseUrl,
    MaxAttempts,
    MaxTokens,
    Method,
    Mode,
    Prompts,
    Samples,
    Shots,
    ShotsBy,
    Student,
    Teacher,
    Timeout,
    TrackingFallback,
    TrackingUri,
)

if TYPE_CHECKING:
    from ...tracking import TraceHandler


def solve(
    question: Annotated[str, typer.Argument(help="The problem in words.")],
    student: Student,
    teacher: Teacher = "self",
    reference: Annotated[
        str | None, typer.Option(help="Known answer to verify against. Without it, only the arithmetic is checked.")
    ] = None,
    method: Method = TAUGHT,
    prompts: Prompts = "default",
    mode: Mode = "joint",
    review: Annotated[
        Review, typer.Option(help="Which plans you review here before solving: never, flagged, always.")
    ] = "never",
    samples: Samples = 1,
    shots: Shots = 0,
    shots_by: ShotsBy = "first",
    max_attempts: MaxAttempts = 1,
    max_tokens: MaxTokens = None,
    base_url: BaseUrl = None,
    timeout: Timeout = TIMEOUT,
    tracking: Annotated[bool, typer.Option(help="Log the trace to MLflow.")] = True,
    tracking_uri: TrackingUri = None,
    tracking_fallback: TrackingFallback = None,
) -> None:
    """Solve one question.

    Prints the steps, the solution, the answer and its status as they arrive.
    """
    if not question.strip():
        raise typer.BadParameter("the question is empty; write the problem in words", param_hint="QUESTION")
    taught = method_named(method).taught
    if review != "never" and not taught:
        raise typer.BadParameter(f"the method {method!r} has no plan to review; leave the option out", param_hint="--review")
    reviewed = taught and is_reviewed(mode, review)
    if reviewed and not sys.stdin.isatty():
        raise typer.BadParameter(
            f"reviewing needs a terminal; use {program()} run, then {program()} review", param_hint="--review"
        )
    texts = load_prompt_set(prompts, tracking_uri)
    choose_examples(texts.examples, question, shots, shots_by)  # refuses what would fail after the teacher was asked
    by = teacher if taught else "self"  # other methods need no teacher
    if not is_ladder(mode):  # a ladder may not ask its teacher
        kind = "solution" if "solution" in teacher_prompts(mode) else None
        for model in recordings(by):
            model.check_questions([question], "teacher", kind)
        for model in recordings(student):
            model.check_questions([question], "student")
    taught_by, own = load_models(by, student, base_url=base_url, timeout=timeout, max_tokens=max_tokens)
    options = GraphOptions(
        prompts=texts,
        samples=samples,
        shots=shots,
        shots_by=shots_by,
        max_attempts=max_attempts,
    )
    if taught:
        options |= mode_options(mode)
    problem = {"question": question, "reference": reference}
    console = Console(highlight=False, markup=False)
    with _traced(tracking_uri, tracking_fallback, console) if tracking else nullcontext():
        if not reviewed:
            # Review interrupts need a checkpointer, so only reviewed runs get one.
            graph = build_graph(method, student=own, teacher=taught_by if taught else None, **options)
            state = show(graph, problem, console)
            if refused(state) and state.get("status") == "no_answer":
                raise typer.Exit(1)
        else:
            _solve_reviewed(taught_by, own, options | GraphOptions(review=review), problem, console)


def _solve_reviewed(teacher: Any, student: Any, options: GraphOptions, problem: dict[str, Any], console: Console) -> None:
    """Solve with reviews in this terminal. The queue is temporary, so undecided steps are lost at exit."""
    from langgraph.types import Command

    from ...graphs.trace_of_thought import build_trace_of_thought
    from ...review import open_queue
    from ...review.terminal import TerminalReview
    from .review import login_name

    thread = f"solve-{uuid4().hex[:8]}"
    config = {"configurable": {"thread_id": thread}}
    with TemporaryDirectory() as folder:
        queue = open_queue(str(Path(folder) / "reviews.sqlite"))
        with queue.store.saver() as saver:
            graph = build_trace_of_thought(teacher, student, **(options | GraphOptions(checkpointer=saver)))
            state = show(graph, problem, console, config)
            # After a rejection, the teacher's new steps are reviewed again.
            while "__interrupt__" in state:
                TerminalReview(queue, reviewer=login_name()).run()
                if thread not in (answers := queue.answers()):
                    console.print("Not solved: the steps were neither approved nor rejected.", style="yellow")
                    raise typer.Exit(1)
                interrupt_id, answer = answers[thread]
                queue.take(thread, interrupt_id)
                state = show(graph, Command(resume={interrupt_id: answer}), console, config)


@contextmanager
def _traced(uri: str | None, fallback: Literal["local"] | None, console: Console) -> Iterator[None]:
    """Trace the block and print where the trace is, even if solving failed."""
    handler = None
    try:
        with traced("solve", uri, fallback=fallback) as handler:
            yield
    finally:
        if handler is not None and handler.last_trace_id:
            console.print(_where(handler), style="dim", soft_wrap=True)


def _where(handler: TraceHandler) -> str:
    """Return where the trace is: the URL of a server's page, or its id and the database."""
    store, trace = handler.store, handler.last_trace_id
    page = store.page(f"/experiments/{handler.tree.experiment_id}/traces?selectedEvaluationId={trace}")
    where = page or f"trace {trace} of experiment 'solve' in {store.address}; open it with: {program()} ui"
    return f"MLflow: {where}"
