"""`tot review`: review steps in a terminal, on a web page, or as JSON."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...foundation.commands import call
from ...foundation.wording import counted
from ..output_files import writing_file

if TYPE_CHECKING:
    from ...review.queue.queue import ReviewQueue

review = typer.Typer(help="Review steps that wait for approval.", invoke_without_command=True)

_Store = Annotated[
    str | None,
    typer.Option(help="Review store: a file or postgresql://... Default: TOT_REVIEWS, or reviews.sqlite beside the journals."),
]
_Reviewer = Annotated[str, typer.Option(help="Your name, stored with every decision. Default: your login name.")]
_Flag = Annotated[str, typer.Option(help="Only plans with this flag; none: only plans without flags.")]
_Teacher = Annotated[str, typer.Option(help="Only plans by this teacher.")]
_Set = Annotated[str, typer.Option("--problems", help="Only plans for this problem set.")]
_Experiment = Annotated[str, typer.Option(help="Only plans of this experiment.")]


@review.callback()
def main(
    context: typer.Context,
    store: _Store = None,
    reviewer: _Reviewer = "",
    flag: _Flag = "",
    teacher: _Teacher = "",
    problem_set: _Set = "",
    experiment: _Experiment = "",
    web: Annotated[bool, typer.Option("--web", help="Serve a web page instead of the terminal view.")] = False,
    host: Annotated[
        str, typer.Option(help="Address to listen on with --web; any address but loopback needs --token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on with --web; 0 picks a free one.")] = 8765,
    token: Annotated[str, typer.Option(envvar="TOT_REVIEW_TOKEN", help="Token that visitors of the page must enter.")] = "",
) -> None:
    """Review steps that wait for approval.

    Approve, edit or reject a teacher's steps with single keys in the terminal, or on a web page with --web.
    """
    # Subcommands find the store and the reviewer here.
    context.obj = {"store": store, "reviewer": reviewer or login_name()}
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
    """Write waiting reviews to a JSON file.

    Fill in its decisions, then load it with `tot review import`.
    """
    from ...review.queue.json_exchange import export_items

    filters = {"flag": flag, "teacher": teacher, "problem_set": problem_set, "experiment": experiment}
    queue = _open(context.obj["store"])
    with writing_file(file, "the argument FILE") as new:
        count = export_items(queue, new, **filters)
    print(
        f"{counted(count, 'review')} written. Fill in 'decision' (approve, edit or reject), "
        f"then run: {call('review', 'import', str(file))}"
    )


@review.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File written by `tot review export`, with decisions filled in.", exists=True)],
) -> None:
    """Read decisions from a JSON file.

    Exits with code 1 if a decision was refused.
    """
    from ...nodes.asking.failures import printable
    from ...review.queue.json_exchange import import_decisions

    result = import_decisions(_open(context.obj["store"]), file, reviewer=context.obj["reviewer"])
    before = f", {result.before} had this decision already" if result.before else ""
    print(f"{len(result.decided)} decided, {result.undecided} without a decision, {len(result.refused)} refused{before}")
    for number, reason in result.refused.items():
        print(f"item {number}: {printable(reason)}")
    if result.refused:
        raise typer.Exit(1)


def _open(store: str | None) -> ReviewQueue:
    from ...review.queue.queue import open_queue

    return open_queue(store)


def login_name() -> str:
    """Return the user's login name, "" if the user id has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return ""
