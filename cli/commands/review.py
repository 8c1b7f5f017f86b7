"""`tot review`: look at what waits, in a terminal, on a page, or as JSON."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...review.queue.queue import ReviewQueue

review = typer.Typer(help="Approve, edit or send back the steps that wait for a person.", invoke_without_command=True)

_Store = Annotated[str | None, typer.Option(help="A file or postgresql://...; default TOT_REVIEWS, else reviews.sqlite.")]
_Reviewer = Annotated[str, typer.Option(help="Your name, kept with every decision.")]
_Flag = Annotated[str, typer.Option(help="Only items with this flag; 'none': without flags.")]
_Teacher = Annotated[str, typer.Option(help="Only items of this teacher.")]
_Set = Annotated[str, typer.Option("--problems", help="Only items of this problem set.")]
_Experiment = Annotated[str, typer.Option(help="Only items of this experiment.")]


@review.callback()
def main(
    context: typer.Context,
    store: _Store = None,
    reviewer: _Reviewer = "",
    flag: _Flag = "",
    teacher: _Teacher = "",
    problem_set: _Set = "",
    experiment: _Experiment = "",
    web: Annotated[bool, typer.Option("--web", help="Serve a page instead.")] = False,
    host: Annotated[str, typer.Option(help="Where the page listens; anything but loopback needs --token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 takes a free one.")] = 8765,
    token: Annotated[str, typer.Option(envvar="TOT_REVIEW_TOKEN", help="That visitors must show.")] = "",
) -> None:
    """Review what waits, with single keys, or on a page with --web."""
    context.obj = {"store": store, "reviewer": reviewer or _user()}
    if context.invoked_subcommand is not None:
        return
    if web:
        from ...review.web.serving import serve

        serve(_open(store), host=host, port=port, token=token, reviewer=context.obj["reviewer"], tell=print)
        return
    from ...review.terminal import TerminalReview

    filters = {"flag": flag, "teacher": teacher, "problem_set": problem_set, "experiment": experiment}
    TerminalReview(_open(store), reviewer=context.obj["reviewer"], filters=filters).run()


@review.command()
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON file to write.")],
    flag: _Flag = "",
    teacher: _Teacher = "",
    problem_set: _Set = "",
    experiment: _Experiment = "",
) -> None:
    """Write what waits to FILE; fill in its decisions and import it."""
    from ...review.queue.json_exchange import export_items

    filters = {"flag": flag, "teacher": teacher, "problem_set": problem_set, "experiment": experiment}
    count = export_items(_open(context.obj["store"]), file, **filters)
    print(f"{count} reviews: fill in 'decision' (approve, edit, reject), then: tot review import {file}")


@review.command("import")
def import_(context: typer.Context, file: Annotated[Path, typer.Argument(help="An exported file.", exists=True)]) -> None:
    """Take the decisions of FILE; exits with 1 if some could not be used."""
    from ...nodes.asking.failures import printable
    from ...review.queue.json_exchange import import_decisions

    result = import_decisions(_open(context.obj["store"]), file, reviewer=context.obj["reviewer"])
    print(f"{len(result.decided)} decided, {result.undecided} without a decision, {len(result.refused)} refused")
    for number, reason in result.refused.items():
        print(f"item {number}: {printable(reason)}")
    if result.refused:
        raise typer.Exit(1)


def _open(store: str | None) -> ReviewQueue:
    from ...review.queue.queue import open_queue

    return open_queue(store)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
