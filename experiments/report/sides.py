"""Read a side of a comparison: a condition of an experiment, or a log of another library. The door is `sides_of`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...foundation.claims import claim_of
from ...foundation.statuses import SCORED
from ...problems.formats import final_answer
from ..journal.find_journal import find_journal, split_name
from ..journal.journal import Journal
from ..journal.records import CellValues
from ..logs.read_log import is_log, read_log
from ..logs.scored import Log, ScoredProblem
from .overview import choose_cells
from .scores import Condition, conditions


@dataclass(frozen=True)
class Side:
    """A condition with what is known about its problems. All mappings are by problem key.

    Attributes:
        condition: the condition, with the mean score of each problem.
        names: id of each problem.
        columns: columns of each problem: metadata, domain, id and reference.
        trials: scores of each problem, one per sample, epoch or seed.
        questions: text of each problem, with white space folded.
        source: "journal", or the library that wrote the log.
    """

    condition: Condition
    names: dict[str, str]
    columns: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    trials: dict[str, list[float]] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    source: str = "journal"

    def column(self, name: str) -> dict[str, Hashable]:
        """Return the values of a column as strings, by problem key. Problems without it are left out."""
        return {key: str(known[name]) for key, known in self.columns.items() if known.get(name) is not None}

    def rekeyed(self, keys: Mapping[str, str]) -> Side:
        """Return the side with new problem keys. Problems without a new key are dropped.

        Args:
            keys: new key by old key.
        """

        def moved(values: Mapping[str, Any]) -> dict[str, Any]:
            return {keys[key]: value for key, value in values.items() if key in keys}

        condition = replace(self.condition, scores=moved(self.condition.scores), strict=moved(self.condition.strict))
        return Side(condition, moved(self.names), moved(self.columns), moved(self.trials), moved(self.questions), self.source)


def sides_of(spec: str, home: Path, *, texts: bool = False, rescore: bool = False, score: str | None = None) -> list[Side]:
    """Return the conditions that a name stands for.

    Args:
        spec: EXPERIMENT, EXPERIMENT:CELL, or the path of a log.
        home: folder of the journals.
        texts: read a log's inputs and outputs in full, not only its summaries.
        rescore: verify the answers in a log again with our verifier, which has verified the rows of experiments already.
        score: which score of a log to read.

    Returns:
        One side per condition; a single one for a log.

    Raises:
        FileNotFoundError: no such experiment or log.
        LookupError: no such cell.
        ValueError: the log cannot be read.
    """
    if is_log(spec):
        return [_of_log(read_log(Path(spec), texts=texts or rescore, score=score), rescore, Path(spec))]
    name, wanted = split_name(spec, home)
    with find_journal(name, home) as journal:
        chosen = {cell["id"] for cell in choose_cells(journal, wanted)}
        return [_of_condition(journal, condition) for condition in conditions(journal, chosen)]


def _of_condition(journal: Journal, condition: Condition) -> Side:
    problems = journal.problems(condition.cell["problems"])
    columns: dict[str, Mapping[str, Any]] = {
        key: {**dict(p.metadata), "domain": p.domain, "problem_id": p.problem_id, "reference": p.reference}
        for key, p in problems.items()
    }
    names = {key: p.problem_id for key, p in problems.items()}
    questions = {key: _folded(p.question) for key, p in problems.items()}
    return Side(condition, names, columns, _trials(journal, condition), questions)


def _trials(journal: Journal, condition: Condition) -> dict[str, list[float]]:
    """Return the scores of each problem: one per sample if the cells vote, else one per seed."""
    found: dict[str, list[float]] = {}
    # a row has only the verdict of the vote: its samples are verified here
    problems = journal.problems(condition.cell["problems"]) if condition.cell["samples"] > 1 else {}
    for cell_id in condition.cell_ids:
        for row in journal.rows(cell_id, detail=bool(problems)):
            if row["status"] not in SCORED:
                continue
            problem = problems.get(row["key"])
            solutions = row["detail"].get("solutions") or [] if problem else []
            texts = [claim_of(solution["text"], solution.get("program"), solution["answer"]) for solution in solutions]
            if problem and texts:
                found.setdefault(row["key"], []).extend(_verified(texts, problem.reference, problem.question))
            else:
                found.setdefault(row["key"], []).append(float(row["status"] == "correct"))
    return found


def _of_log(log: Log, rescore: bool, path: Path) -> Side:
    rescored = {id: _again(problem) for id, problem in log.problems.items()} if rescore else {}
    trials = {id: rescored.get(id, problem.scores) for id, problem in log.problems.items()}
    trials = {id: scores for id, scores in trials.items() if scores}
    condition = Condition(
        _cell_of(log, path, rescore), cell_ids=[str(path)], scores={i: sum(s) / len(s) for i, s in trials.items()}
    )
    columns: dict[str, Mapping[str, Any]] = {id: {**problem.metadata, "problem_id": id} for id, problem in log.problems.items()}
    questions = {id: _folded(problem.question) for id, problem in log.problems.items()}
    return Side(condition, {id: id for id in log.problems}, columns, trials, questions, log.kind)


def _again(problem: ScoredProblem) -> list[float]:
    # in samples of lm-eval, the target of GSM8K is the whole worked solution
    reference = final_answer(problem.reference) if problem.reference else None
    return _verified(problem.texts, reference, problem.question)


def _verified(texts: list[str], reference: str | None, question: str) -> list[float]:
    """Return 1.0 or 0.0 for each text, without those that cannot be scored."""
    from ...verification import verify_answer

    # samples repeat each other; each text is verified once
    known = {text: verify_answer(text, reference, question=question).status for text in dict.fromkeys(texts)}
    return [float(known[text] == "correct") for text in texts if known[text] in SCORED]


def _cell_of(log: Log, path: Path, rescore: bool) -> CellValues:
    """Return a log as a cell, so that tables can show it. The path serves as its id."""
    return {
        "id": str(path),
        "condition": str(path),
        "problems": log.task,
        "source": log.kind,
        "method": path.stem,
        "teacher": None,
        "student": {"model": log.model},
        "prompts": "",
        "prompts_hash": "",
        "mode": "",
        "samples": 1,
        "seed": 0,
        "max_attempts": 1,
        "teacher_label": "",
        "student_label": log.model,
        "label": f"{path.name} ({'verified again' if rescore else log.score})",
    }


def _folded(text: str) -> str:
    return " ".join(text.split())
