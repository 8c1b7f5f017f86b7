"""How much a scorer alone moves accuracy on the authors' released traces: `python benchmarks/scorers.py FILES`.

Prints, for each trace file, the accuracy by three scorers on the same answers: this project's verifier, math-verify's default
parse of the whole response, and the last number of the response. Markdown, for docs/reproduction.md.
"""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Callable
from pathlib import Path

from trace_of_thought.experiments.exchange.released_traces import cell_of, read_traces
from trace_of_thought.experiments.report.table import markdown_table
from trace_of_thought.problems.formats import final_answer

Scorer = Callable[[str, str, str], bool]


def ours(response: str, reference: str, question: str) -> bool:
    from trace_of_thought.verification import verify_answer

    return verify_answer(response, reference, question=question).status == "correct"


def math_verify_default(response: str, reference: str, question: str) -> bool:
    from math_verify import parse, verify

    return verify(parse(f"${reference}$"), parse(response))


def last_number(response: str, reference: str, question: str) -> bool:
    found = [numbers(text) for text in (response, reference)]
    return bool(found[0] and found[1]) and found[0][-1] == found[1][-1]


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)]


SCORERS: dict[str, Scorer] = {"ours": ours, "math-verify, whole response": math_verify_default, "last number": last_number}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--scorers", nargs="*", default=list(SCORERS))
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for file in options.files:
        cell, traces = cell_of(file), list(read_traces(file))
        row = [cell.problems.partition(" ")[0], cell.teacher.label if cell.teacher else "", cell.student.label]
        for name in options.scorers:
            right = [
                SCORERS[name](
                    trace["answer"]["output_text"], final_answer(trace["dataset_answer"]) or "", trace["dataset_question"]
                )
                for trace in traces
            ]
            row.append(f"{100 * sum(right) / len(right):.1f} %")
        rows.append(row)
    print(markdown_table(["problems", "teacher", "student", *options.scorers], rows))


if __name__ == "__main__":
    main()
