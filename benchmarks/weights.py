"""Fit the weights by which the verifier ranks statements and values, and see which signs change a verdict.

    python benchmarks/weights.py [--data ../shared/data] [--signs] [--write]

Of every right answer of the labelled sets, the pairs of a right and a wrong candidate are learned by logistic regression
(scikit-learn), shrunk towards the weights as they are; cross-validated by source. `--signs` prints how many verdicts change
without each sign, `--write` writes verification/claims/weights.py.
"""

import argparse
import csv
import json
import pprint
import runpy
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from trace_of_thought.verification import close_workers, verify_answer
from trace_of_thought.verification.claims import choosing, pieces, statements
from trace_of_thought.verification.claims.finding import VALUE, read_response
from trace_of_thought.verification.equivalence.comparing import compare_claims
from trace_of_thought.verification.notation.references import read_reference

ROOT = Path(__file__).resolve().parents[1]
PLACES = {
    "number": (choosing, "NUMBER_SIGNS"),
    "segment": (pieces, "SEGMENT_SIGNS"),
    "expression": (pieces, "EXPRESSION_SIGNS"),
    "conclusion": (statements, "CONCLUSION_SIGNS"),
}
TABLES = {name: getattr(*place) for name, place in PLACES.items()}
START = {name: np.array(table.weights) for name, table in TABLES.items()}
SHRINK = 0.0003
"""C of the regression: the smaller, the closer to the weights as they are."""


class Scored(float):
    """A score that remembers how strongly its piece has each sign."""

    table: str
    strengths: np.ndarray

    def __neg__(self):
        """Keep what it remembers: the heap of statements holds negative scores."""
        negative = Scored(-float(self))
        negative.table, negative.strengths = self.table, self.strengths
        return negative


class Recording:
    """A table that scores as before and remembers."""

    def __init__(self, name):
        self._name = name

    def score(self, piece):
        scored = Scored(TABLES[self._name].score(piece))
        scored.table, scored.strengths = self._name, np.array(TABLES[self._name].strengths(piece))
        return scored


@contextmanager
def tables(found):
    """Use other tables meanwhile."""
    for name, (module, attribute) in PLACES.items():
        setattr(module, attribute, found[name])
    try:
        yield
    finally:
        for name, (module, attribute) in PLACES.items():
            setattr(module, attribute, TABLES[name])


def labelled(folder):
    """Return (source, question, reference, response, label) of every labelled set."""
    rows = []
    for row in map(json.loads, (ROOT / "tests/verification/labelled/cases.jsonl").open(encoding="utf-8")):
        rows.append((f"cases, {row['set']}", row["question"], row["reference"], row["response"], row["label"]))
    for file in ("claims/test_phrasing.py", "test_answers.py"):
        lists = runpy.run_path(str(ROOT / "tests/verification" / file))
        for name, label in (("RIGHT", True), ("WRONG", False), ("NOT_RIGHT", False)):
            rows += [("phrasings", q, reference, response, label) for response, reference, q in lists.get(name, [])]
    if folder.exists():
        rows += shared(folder)
    return rows


def shared(folder):
    rows = []
    for row in map(json.loads, (folder / "answer_verification_dev.jsonl").open(encoding="utf-8")):
        rows.append(("development set", row["question"], row["gold"], row["response"], row["label"]))
    for row in map(json.loads, (folder / "gsm8k_labelled_solutions.jsonl").open(encoding="utf-8")):
        rows.append(("GSM8K solutions", row["question"], row["reference"], row["solution"], row["is_correct"]))
    csv.field_size_limit(10**9)
    for case in map(json.loads, (ROOT / "tests/verification/labelled/traces.jsonl").open(encoding="utf-8")):
        with (folder / "released_traces" / case["file"]).open(encoding="utf-8") as lines:
            trace = json.loads(next(row for place, row in enumerate(csv.reader(lines)) if place == case["row"])[0])
        response = trace["answer"]["output_text"]
        rows.append(("released traces", trace["dataset_question"], trace["dataset_answer"], response, case["label"]))
    return rows


def pairs_of(row):
    """Yield (table, difference of strengths, difference of the rest of the score) of a right and a wrong candidate."""
    _, question, reference, response, _ = row
    wanted = read_reference(reference)
    if wanted is None:
        return

    def right(text):
        return compare_claims(text, wanted, 2.0) == "equal"

    judged = []
    for statement in statements.rank_statements(read_response(response, question).text, question):
        choice = choosing.choose_claim(statement, question)
        if choice is None:
            continue
        judged.append((right(choice.texts[0]), statement.score, choice.score))
        values = [(right(text), score) for text, score in ((choice.texts[0], choice.score), *choice.losers)]
        values = [(good, score) for good, score in values if isinstance(score, Scored)]
        for good, score in values:
            for bad, other in values:
                if good and not bad and score.table == other.table:
                    yield score.table, score.strengths - other.strengths, 0.0
    for good, score, value in judged:
        for bad, other, less in judged:
            if good and not bad:
                yield "conclusion", score.strengths - other.strengths, VALUE * (cut(value) - cut(less))


def cut(score):
    return max(-choosing.CERTAIN, min(choosing.CERTAIN, float(score)))


def gather(rows):
    """Return by table the differences, the rest, the weight and the source of each pair."""
    found = defaultdict(list)
    with tables({name: Recording(name) for name in PLACES}):
        for row in rows:
            if row[4]:
                pairs = list(pairs_of(row))
                for name, difference, rest in pairs:
                    found[name].append((difference, rest, 1 / len(pairs), row[0]))
    return found


def fit(pairs, name):
    """Return the weights that tell right from wrong best, near the present ones."""
    differences = np.array([pair[0] for pair in pairs])
    rest = np.array([pair[1] for pair in pairs])
    known = differences @ START[name] + rest
    scale = 100.0  # so large that shrinking leaves the present weights' own factor alone
    features = np.column_stack([known * scale, differences])
    weight = np.array([pair[2] for pair in pairs])
    model = LogisticRegression(C=SHRINK, fit_intercept=False, max_iter=5000)
    model.fit(np.vstack([features, -features]), np.repeat([1, 0], len(pairs)), sample_weight=np.tile(weight, 2))
    factor, *change = model.coef_[0]
    return START[name] + np.array(change) / max(factor * scale, 0.2)


def accuracy(rows, found):
    """Return the share of verdicts that agree with the labels, with tables of these weights."""
    with tables({name: replace(TABLES[name], weights=tuple(weights)) for name, weights in found.items()}):
        return np.mean([judged(row) == row[4] for row in rows])


def judged(row):
    return verify_answer(row[3], row[2], question=row[1]).status == "correct"


def cross_validate(rows, pairs):
    """Print, for each source, the accuracy on it of weights that were fitted on all others."""
    for source in sorted({row[0] for row in rows}):
        own = [row for row in rows if row[0] == source]
        others = {name: [pair for pair in pairs[name] if pair[3] != source] for name in PLACES}
        found = {name: fit(others[name], name) if len(others[name]) > 20 else START[name] for name in PLACES}
        print(
            f"  {source}: {len(own)} rows, as they are {accuracy(own, START):.4f}, fitted on others {accuracy(own, found):.4f}"
        )


def without_each(rows):
    """Print how many verdicts change, and how many become wrong, without each sign."""
    before = [judged(row) for row in rows]
    for name, table in TABLES.items():
        for place, sign in enumerate(table.signs):
            weights = [*table.weights[:place], 0.0, *table.weights[place + 1 :]]
            with tables({**TABLES, name: replace(table, weights=tuple(weights))}):
                after = [judged(row) for row in rows]
            changed = sum(a != b for a, b in zip(before, after, strict=True))
            worse = sum(a != row[4] for a, row in zip(after, rows, strict=True)) - sum(
                a != row[4] for a, row in zip(before, rows, strict=True)
            )
            print(f"  {name}: {sign.why}: {changed} change, {worse:+d} wrong", flush=True)


def write(found):
    """Write the weights as they are imported."""
    shown = {
        name: {sign.why: round(float(weight), 2) for sign, weight in zip(TABLES[name].signs, weights, strict=True)}
        for name, weights in found.items()
    }
    text = pprint.pformat(shown, sort_dicts=False, width=120)
    (ROOT / "verification/claims/weights.py").write_text(
        '"""The weights of the signs, written by `python benchmarks/weights.py --write`; not to be edited by hand."""\n\n'
        f"WEIGHTS: dict[str, dict[str, float]] = {text}\n"
    )


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options.add_argument("--signs", action="store_true")
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    rows = labelled(given.data)
    if given.signs:
        without_each(rows)
    else:
        pairs = gather(rows)
        print(f"{len(rows)} rows, pairs: {', '.join(f'{len(found)} of {name}' for name, found in pairs.items())}")
        cross_validate(rows, pairs)
        found = {name: fit(pairs[name], name) for name in PLACES}
        print(f"all rows: as they are {accuracy(rows, START):.4f}, fitted {accuracy(rows, found):.4f}")
        if given.write:
            write(found)
    close_workers()


if __name__ == "__main__":
    main()
