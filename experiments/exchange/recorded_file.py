"""Export the decompositions of an experiment to a file that `recorded:FILE` replays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...nodes.steps import number_steps
from ...prompts import PromptSet
from ..journal.journal import Journal
from ..journal.records import Reply


def export_decompositions(journal: Journal, path: Path) -> dict[str, int]:
    """Write one JSON line per teacher and question, and return the number of lines by teacher.

    The text is the teacher's reply. Where the journal has no reply, it is the steps of a row. The teacher's own solutions,
    which mode `hint` and the rung `teacher` ask for, are left out.

    Args:
        journal: journal of the experiment.
        path: file to write.

    Raises:
        LookupError: the experiment has no decompositions.
        OSError: the file cannot be written.
    """
    # replies come last, so they replace the steps of rows; of several replies to a question the newest stays
    lines = {(line["teacher"], line["question"]): line for line in [*_from_rows(journal), *_from_replies(journal)]}
    if not lines:
        raise LookupError(f"{journal.path} has no decompositions: no teacher wrote steps in it")
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines.values())
    counts: dict[str, int] = {}
    for teacher, _ in lines:
        counts[teacher] = counts.get(teacher, 0) + 1
    return counts


def _from_replies(journal: Journal) -> Iterator[dict[str, Any]]:
    for reply in _plans(journal):
        yield {
            "dataset": reply["set_name"],
            # `model_key` without its hash
            "teacher": reply["teacher"].rpartition("-")[0],
            "question": reply["question"],
            "decomposition": reply["text"],
            "input_tokens": reply["input_tokens"],
            "output_tokens": reply["output_tokens"],
        }


def _plans(journal: Journal) -> Iterator[Reply]:
    """Yield the replies with steps. The prompt tells them from solutions, since a reply does not say what it was asked for."""
    texts = {cell["prompts_hash"]: cell["prompt_set"].get("texts", {}) for cell in journal.cells()}
    sets = [PromptSet("", "", own) for own in texts.values() if "solution" in own]
    for reply in journal.replies():
        question = reply["question"]
        if question and all(reply["prompt"] != prompts.fill("solution", question=question) for prompts in sets):
            yield reply


def _from_rows(journal: Journal) -> Iterator[dict[str, Any]]:
    asked = {reply["question"] for reply in _plans(journal)}
    for cell in journal.cells():
        problems = journal.problems(cell["problems"]) if cell["teacher"] else {}
        for row in journal.rows(cell["id"], detail=True) if problems else ():
            steps, problem = row["detail"].get("steps"), problems.get(row["key"])
            if steps and problem and problem.question not in asked:
                yield {
                    "dataset": cell["problems"],
                    "teacher": cell["teacher_label"],
                    "question": problem.question,
                    "decomposition": number_steps(steps),
                    "input_tokens": row["teacher_input_tokens"] or None,
                    "output_tokens": row["teacher_output_tokens"] or None,
                }
