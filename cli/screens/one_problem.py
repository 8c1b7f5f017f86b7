"""Show one problem of one combination on the terminal: everything that the journal stores about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...experiments.journal.records import CellValues, Row, strict_of
from ...experiments.report.overview import full_name, settings, student_prompts, teacher_reply
from ...foundation.commands import program
from ...foundation.wording import counted
from ...nodes.asking.failures import printable
from ...nodes.flags import FLAG_KINDS
from ...nodes.steps import number_steps

if TYPE_CHECKING:
    from rich.console import Console

    from ...experiments.journal.journal import Journal
    from ...nodes.state import Solution

SHOWN = 4_000
"""Characters of a text that are shown without --full."""


def show_problem(journal: Journal, cell: CellValues, key: str, console: Console, *, full: bool) -> None:
    """Print question, plan, reviews, prompts, solution, program, verdict with its reason, and tokens of one problem."""
    row = next(row for row in journal.rows(cell["id"], detail=True) if row["key"] == key)
    problem = journal.problems(cell["problems"]).get(key)
    detail = row["detail"]

    def part(title: str, text: str | None) -> None:
        if text:
            shown = (
                text if full or len(text) <= SHOWN else f"{text[:SHOWN]}\n[cut: {len(text):,} characters; show all with --full]"
            )
            console.print(f"\n{title}", style="bold", markup=False)
            console.print(printable(shown), markup=False, soft_wrap=True)

    console.print(printable(f"{row['problem_id']}: {full_name(cell)}"), style="bold", markup=False)
    console.print(printable(settings(cell)), style="dim", markup=False, soft_wrap=True)
    part("Question", problem.question if problem else None)
    part("Reference", problem.reference if problem else None)
    said = teacher_reply(journal, cell, problem.question) if problem and cell["teacher"] else None
    part("Prompt of the teacher", said["prompt"] if said else None)
    part("Steps", number_steps(detail["steps"]) if detail.get("steps") else None)
    part("Flags", "\n".join(f"{f['kind']}: {f['detail'] or FLAG_KINDS.get(f['kind'], '')}" for f in detail.get("flags") or []))
    part("Reviews", "\n".join(_review(review) for review in detail.get("reviews") or []))
    part("Hint", detail.get("hint"))
    part("Rungs", "\n".join(f"{reached['rung']}, since {reached['reason']}" for reached in detail.get("escalations") or []))
    _show_prompts(part, cell, row, problem.question if problem else "", full)
    part("Solution", detail.get("solution"))
    if program := detail.get("program"):
        part("Program", program["source"])
        part("Value of the program", program["value"])
        part("Error of the program", program["error"])
    for number, solution in enumerate((detail.get("solutions") or [])[1:], 2):  # the first is the solution above
        part(f"Sample {number} ({_outcome(solution)})", solution["text"])
    part("Error", row["error"])
    part("Verdict", _verdict(row))
    part("Tokens", _tokens(row))


def _show_prompts(part: Callable[[str, str | None], None], cell: CellValues, row: Row, question: str, full: bool) -> None:
    """Print the student's prompts; without --full only the last one, which contains the results of earlier steps."""
    asked = student_prompts(cell, row, question)
    notes = [f"{cell['shots']} few-shot examples came before it"] if cell.get("shots") else []
    notes += ["first attempt; later ones also got the reason of the retry"] if (row.get("attempts") or 1) > 1 else []
    for number, prompt in enumerate(asked, 1):
        if full or number == len(asked):
            place = [f"{number} of {len(asked)}"] if len(asked) > 1 else []
            about = "; ".join([*place, *notes])
            part("Prompt of the student" + (f" ({about})" if about else ""), prompt)


def _outcome(solution: Solution) -> str:
    program = solution.get("program")
    if program and program["error"]:
        return f"the program failed: {program['error']}"
    return f"answer {solution['answer'] or 'none'}"


def _review(review: object) -> str:
    values = dict(review)  # type: ignore[call-overload]
    comment = f": {values['comment']}" if values.get("comment") else ""
    return f"{values['decision']} by {values['reviewer'] or 'unknown'}{comment}"


def _verdict(row: Row) -> str:
    verdict, check = row["detail"].get("verdict"), row["detail"].get("check")
    lines = [f"{row['status']}: answer {row['answer'] or 'not found'}"]
    if verdict:
        where = f", found in: {verdict['source'].replace('_', ' ')}" if verdict["source"] else ""
        lines[0] += f", reference {verdict['reference'] or 'none'}{where}"
    if (strict := strict_of(row)) is not None:
        lines.append("in the format that was asked for" if strict else "not in the format that was asked for")
    if check and check["summary"]:
        lines.append(check["summary"])
    return "\n".join(lines)


def _tokens(row: Row) -> str:
    numbers: dict[str, Any] = dict(row)
    lines = [_usage(role, numbers) for role in ("teacher", "student") if numbers[f"{role}_calls"]]
    stopped = f"finish reason: {row['finish_reason']}" if row["finish_reason"] else ""
    trace = f"trace {row['trace_id']} in MLflow: {program()} ui" if row["trace_id"] else ""
    return "\n".join(filter(None, [*lines, stopped, trace]))


def _usage(role: str, numbers: dict[str, Any]) -> str:
    read, written, calls = (numbers[f"{role}_{name}"] for name in ("input_tokens", "output_tokens", "calls"))
    # replayed replies often tell no tokens
    used = f"{read:,} input, {written:,} output" if read or written else "tokens unknown"
    return f"{role}: {used}, {counted(calls, 'call')}"
