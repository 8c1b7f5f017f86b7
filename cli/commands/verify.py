"""`tot verify`: score a file of responses and references without running an experiment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...foundation.claims import claim_of, is_program
from ...foundation.statuses import SCORED
from ...foundation.wording import counted
from ...problems.files import read_rows
from ..output_files import check_output, writing_file

if TYPE_CHECKING:
    from ...verification import Verdict

# Usual names of columns; the first that the file has is used.
RESPONSE_COLUMNS = ("response", "solution", "answer", "output", "prediction")
REFERENCE_COLUMNS = ("reference", "gold", "target", "expected", "dataset_answer")
QUESTION_COLUMNS = ("question", "problem", "prompt")


def verify(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="File with responses and references: .jsonl, .json, .csv, .tsv or .parquet."
        ),
    ],
    response: Annotated[
        str | None, typer.Option(help="Column with the responses. Default: a usual name, such as response or solution.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Column with the references. Default: a usual name, such as reference or gold.")
    ] = None,
    question: Annotated[
        str | None, typer.Option(help="Column with the questions. Default: a usual name, if there is one.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSONL file to write each row's verdict to.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Time limit of one comparison, in seconds.")] = 5.0,
    verifier: Annotated[
        str, typer.Option(help="How to judge: mathematics, choice, exact, program, numeric, or numeric:TOLERANCE (relative).")
    ] = "mathematics",
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Print the sentence each answer was taken from, and the candidates that lost."),
    ] = False,
) -> None:
    """Score a file of responses.

    Compares each response with its reference and prints the accuracy with its 95 % interval.
    """
    if out:
        check_output(out, "--out", [file])
    judge = _judge(verifier, timeout, explain)
    rows = list(read_rows(file))
    if not rows:
        raise ValueError(f"{file} has no rows")
    columns = dict.fromkeys(name for _, row in rows for name in row)
    for option, name in (("reference", reference), ("question", question)):
        if name and name not in columns:
            raise ValueError(f"{file}: no column {name!r}; it has {', '.join(columns)}; name the column with --{option}")
    response = response or _column(rows[0][1], RESPONSE_COLUMNS, "response")
    reference = reference or _column(rows[0][1], REFERENCE_COLUMNS, "reference")
    asked = question or next((name for name in QUESTION_COLUMNS if name in rows[0][1]), None)
    verdicts = []
    for number, (place, row) in enumerate(rows, 1):
        if response not in row:
            raise ValueError(
                f"{file}, {place}: no column {response!r}; it has {', '.join(map(str, row))}; name the column with --response"
            )
        wanted = None if row.get(reference) is None else str(row[reference])
        text = str(row.get(asked) or "") if asked else ""
        verdicts.append(_judged(row, response, judge, wanted, text or None))
        if explain:
            _explain(number, verdicts[-1])
    if out:
        with writing_file(out, "--out", [file]) as new:
            lines = (json.dumps({"row": place, **asdict(each)}) + "\n" for place, each in enumerate(verdicts))
            new.write_text("".join(lines), "utf-8")
    strict = [verdict.strict for verdict in verdicts if verdict.status in SCORED]
    # programs were asked for no final line; a share of the other rows would not compare with the accuracy
    _show(Counter(verdict.status for verdict in verdicts), None if None in strict else sum(map(bool, strict)))


def _judge(name: str, timeout: float, explain: bool) -> Callable[..., Verdict]:
    from ...verification import verifier_named, verify_answer

    if name == "mathematics":
        return partial(verify_answer, timeout=timeout, explain=explain)
    return verifier_named(name).verify


def _judged(
    row: dict[str, Any], response: str, judge: Callable[..., Verdict], reference: str | None, question: str | None
) -> Verdict:
    """Return the verdict on a row. In rows that `tot export` wrote, a program is judged by its value and not by its source."""
    from ...nodes.verify import without_text

    program = response == "solution" and "program_error" in row and is_program(row)
    claim = claim_of(str(row[response] or ""), program, row.get("answer") or None)
    verdict = judge(claim, reference, question=question)
    return without_text(verdict) if program else verdict


def _explain(number: int, verdict: Verdict) -> None:
    print(f"row {number}: {verdict.status}; answer {verdict.answer!r}, reference {verdict.reference!r}")
    if verdict.sentence is not None:
        print(f"  taken from ({verdict.source}): {_short(verdict.sentence)}")
    for loser in verdict.losers:
        print(f"  lost: {loser.answer!r} in {_short(loser.sentence)} (score {loser.score:.2f})")


def _short(text: str, most: int = 160) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _column(row: dict[str, Any], names: tuple[str, ...], what: str) -> str:
    for name in names:
        if name in row:
            return name
    raise ValueError(f"no column with the {what} found among {', '.join(map(str, row))}; name it with --{what}")


def _show(counts: Counter[str], strict: int | None) -> None:
    """Print how many responses have each status, and the accuracy of the scored ones; `strict` of them are strictly right."""
    print(counted(counts.total(), "response"))
    for status, count in counts.most_common():
        print(f"  {status}: {count}")
    if judged := sum(counts[status] for status in SCORED):
        print(
            f"accuracy {_rate(counts['correct'], judged)} of {judged} (95 % interval)"
            f"{'' if strict is None else f', strict {_rate(strict, judged)}'}; "
            "time-outs and unreadable references are not counted"
        )


def _rate(number: int, judged: int) -> str:
    """Return a share with its 95 % interval, as tables show it."""
    # Imported here, so that `tot verify --help` stays fast.
    from ...experiments.inference.intervals import wilson
    from ...experiments.report.table import interval

    found = wilson(number, judged)
    return interval(found.value, found.low, found.high)
