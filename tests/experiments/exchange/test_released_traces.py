"""Trace files in the form that the paper's authors released, with traces of our own."""

import csv
import json

import pytest

from trace_of_thought.experiments.exchange.recorded_file import export_decompositions
from trace_of_thought.experiments.exchange.released_traces import import_traces
from trace_of_thought.experiments.journal.find_journal import journal_path
from trace_of_thought.experiments.journal.journal import Journal
from trace_of_thought.experiments.report.summary import summarise
from trace_of_thought.models import RecordedTeacher

TRACES = [
    (
        "A box holds 6 eggs. How many eggs are in 4 boxes?",
        "6 * 4 = <<6*4=24>>24\n#### 24",
        "There are 6 * 4 = 24 eggs in 4 boxes.",
    ),
    ("Mia has 5 apples and buys 3 more. How many has she?", "5 + 3 = 8\n#### 8", "Mia has 5 + 3 = 8 apples. The answer is 8."),
    ("A book costs 7 dollars. What do 3 books cost?", "7 * 3 = 21\n#### 21", "7 * 3 = 24, so they cost 24 dollars."),
    ("How long is half of 90 minutes?", "90 / 2 = 45\n#### 45", "I would have to know more to answer this."),
]
STEPS = "1. Find what is given.\n2. Combine it."


def part(text, tokens):
    return {
        "input_text": "asked",
        "output_text": text,
        "input_count": tokens,
        "output_count": tokens,
        "cost_tokens": 2 * tokens,
    }


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "sot-gpt4-zephyr-gsm8k-01-01-24-traces.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        for question, reference, answer in TRACES:
            trace = {"dataset_question": question, "dataset_answer": reference}
            csv.writer(out).writerow([json.dumps({**trace, "delegation": part(STEPS, 10), "answer": part(answer, 20)}), "", ""])
    return path


def test_traces_become_a_cell_with_our_verdicts_and_their_tokens(file, tmp_path):
    with Journal(journal_path(tmp_path, "released")) as journal:
        import_traces([file], journal)
        [cell] = summarise(journal)
        assert (cell["teacher"], cell["student"], cell["rows"], cell["n"]) == ("gpt-4-0613", "zephyr-7b", 4, 4)
        assert cell["statuses"] == {"correct": 2, "incorrect": 1, "no_answer": 1}
        assert (cell["teacher_tokens"], cell["student_tokens"], cell["mean_steps"]) == (80, 160, 2)
        assert cell["seconds_per_problem"] is None


def test_their_steps_can_be_replayed(file, tmp_path):
    with Journal(journal_path(tmp_path, "released")) as journal:
        import_traces([file], journal)
        assert export_decompositions(journal, tmp_path / "steps.jsonl") == {"gpt-4-0613": 4}
    teacher = RecordedTeacher.from_file(tmp_path / "steps.jsonl")
    assert [teacher.invoke(f"Steps for: {question}").text for question, _, _ in TRACES] == [STEPS] * 4


def test_reading_a_file_again_changes_nothing(file, tmp_path):
    with Journal(journal_path(tmp_path, "released")) as journal:
        import_traces([file], journal)
        first = summarise(journal)
        import_traces([file], journal)
        assert summarise(journal) == first
