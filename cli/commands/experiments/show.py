"""`tot show`: show an experiment, one of its combinations, or all that is known about one problem."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ....experiments.journal.find_journal import find_journal
from ....experiments.journal.journal import Journal
from ....experiments.journal.records import CellValues, Row
from ....experiments.report.overview import Wanted, choose_cells, choose_rows, find_row, full_name, has_base
from ....experiments.report.table import rich_table, statuses
from ....foundation.commands import call
from ....foundation.folders import home
from ....nodes.asking.failures import printable
from ...screens.consoles import wide
from ...screens.one_problem import show_problem


def show(
    experiment: Annotated[str, typer.Argument(help="Experiment name or path of its journal.")],
    combination: Annotated[str, typer.Argument(help="Part of its label, or its id.")] = "",
    problem: Annotated[str, typer.Argument(help="Problem: its id, or its number in the list.")] = "",
    failed: Annotated[bool, typer.Option("--failed", help="Only problems without a right answer.")] = False,
    flipped: Annotated[bool, typer.Option("--flipped", help="Only problems on which the base ended the other way.")] = False,
    no_answer: Annotated[bool, typer.Option("--no-answer", help="Only problems without an answer.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Do not cut long solutions.")] = False,
) -> None:
    """Show combinations, problems, or one problem with its plan, solution and verdict.

    A list of problems ends with the command for the first one; each problem ends with those for the next and the previous one.
    """
    given: dict[Wanted, bool] = {"failed": failed, "flipped": flipped, "no_answer": no_answer}
    wanted = [name for name, chosen in given.items() if chosen]
    words = ["show", experiment]
    options = _options(wanted)
    console = wide(Console(highlight=False))
    with find_journal(experiment, home()) as journal:
        chosen = choose_cells(journal, combination)
        if len(chosen) > 1 or (not combination and not wanted):
            _list_cells(journal, chosen, words, wanted, problem, console)
            return
        rows = choose_rows(journal, chosen[0], wanted)
        if not rows and flipped and not has_base(journal, chosen[0]):
            raise LookupError(f"{full_name(chosen[0])} has no base that it is compared with: leave --flipped out")
        words = [*words, chosen[0]["id"]]
        if problem:
            place = find_row(rows, problem)
            show_problem(journal, chosen[0], rows[place]["key"], console, full=full)
            _list_neighbours(rows, place, words, options)
        else:
            _list_problems(journal, chosen[0], rows, words, options, console)


def _list_cells(
    journal: Journal, cells: list[CellValues], words: list[str], wanted: list[Wanted], problem: str, console: Console
) -> None:
    """List combinations; with a filter, also how many problems of each it leaves. The suggested command has the problem."""
    header = ["id", "combination", "statuses"]
    rows = [[cell["id"], full_name(cell), statuses(journal.counts(cell["id"]))] for cell in cells]
    options, first = _options(wanted), cells[0]
    if wanted:
        left = [len(choose_rows(journal, cell, wanted)) for cell in cells]
        header, rows = [*header, " ".join(options)], [[*row, str(count)] for row, count in zip(rows, left, strict=True)]
        # The suggested command shows the combination with most of these problems.
        first = cells[max(range(len(cells)), key=left.__getitem__)]
    console.print(rich_table(journal.get("name") or "", header, rows, console.width))
    choice = "" if wanted or problem else " [--failed | --flipped | --no-answer]"
    what, place = (f"problem {printable(problem)} of one", [problem]) if problem else ("one", [])
    print(f"Look at {what} with: {call(*words, first['id'], *place, *options)}{choice}")


def _options(wanted: list[Wanted]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in wanted]


def _list_problems(
    journal: Journal, cell: CellValues, rows: list[Row], words: list[str], options: list[str], console: Console
) -> None:
    if not rows:
        print(f"no such problems in {full_name(cell)}")
        return
    known = journal.problems(cell["problems"])
    shown = [
        [str(number), printable(row["problem_id"]), row["status"], printable(row["answer"] or "-")[:30], _start(known, row)]
        for number, row in enumerate(rows, 1)
    ]
    header = ["no.", "problem", "status", "answer", "question"]
    console.print(rich_table(printable(full_name(cell)), header, shown, console.width))
    print(f"Look at one with: {call(*words, rows[0]['problem_id'] or '1', *options)}")


def _start(known: dict, row: Row) -> str:
    return " ".join(printable(known[row["key"]].question).split())[:70] if row["key"] in known else "-"


def _list_neighbours(rows: list[Row], place: int, words: list[str], options: list[str]) -> None:
    print(f"\n{place + 1} of {len(rows)}")
    for name, other in (("next", place + 1), ("previous", place - 1)):
        if 0 <= other < len(rows):
            # A problem without an id is named by its number in the list.
            print(f"{name}: {call(*words, printable(rows[other]['problem_id']) or str(other + 1), *options)}")
