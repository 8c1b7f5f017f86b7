import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from trace_of_thought.experiments.journal.find_journal import journal_path
from trace_of_thought.experiments.journal.journal import Journal
from trace_of_thought.models import ScriptedChatModel

PROGRAM = """
import asyncio, json, sys, time
from pathlib import Path
from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.runner import run_experiment
from trace_of_thought.models import ScriptedChatModel

home, problems = Path(sys.argv[1]), sys.argv[2]

def log(name, prompt):
    with (home / name).open("a") as file:
        file.write(json.dumps(prompt) + "\\n")

def teach(prompt):
    log("teacher.log", prompt)
    return "1. Look at the number.\\n2. Add one to it."

def solve(prompt):
    time.sleep(0.001)
    log("student.log", prompt)
    number = int(prompt.split("What is ")[1].split(" +")[0])
    return f"Answer: {number + 1 + (number % 3 == 0)}"

config = build_config({"problems": problems, "students": [{"model": "scripted:s", "concurrency": 4}],
                       "teachers": "scripted:t", "methods": ["standard", "trace_of_thought"]})
plan = make_plan(config)
with open_journal(plan, home) as journal:
    print("ready", flush=True)
    models = {"scripted:s": ScriptedChatModel(script=solve), "scripted:t": ScriptedChatModel(script=teach)}
    outcome = asyncio.run(run_experiment(plan, journal, models=models))
    print("done", outcome.done, flush=True)
"""


def contents(home):
    """What must not depend on how often a run was killed."""
    with Journal(journal_path(home, "experiment")) as journal:
        kept = (
            "key",
            "status",
            "answer",
            "tries",
            "teacher_input_tokens",
            "student_input_tokens",
            "student_output_tokens",
            "n_steps",
        )
        rows = {cell["id"]: [tuple(row[name] for name in kept) for row in journal.rows(cell["id"])] for cell in journal.cells()}
        return rows, journal.totals()


def test_the_same_command_again_asks_nothing(experiment, sums, student, teacher):
    experiment(problems=sums(5))
    asked = len(student.calls), len(teacher.calls)
    outcome, journal = experiment(problems=sums(5))
    assert outcome.done == 0
    assert (len(student.calls), len(teacher.calls)) == asked
    assert len(journal.sessions()) == 2


def test_what_is_new_is_all_that_runs(experiment, sums, student, teacher):
    experiment(problems=sums(5), methods="standard")
    outcome, _ = experiment(problems=sums(8), methods="standard")
    assert outcome.done == 3
    outcome, _ = experiment(problems=sums(8), methods=["standard", "trace_of_thought"])
    assert (outcome.done, len(teacher.calls)) == (8, 8)
    other = ScriptedChatModel(script=student.script)
    outcome, journal = experiment(
        {"scripted:o": other}, problems=sums(8), methods=["standard", "trace_of_thought"], students=["scripted:s", "scripted:o"]
    )
    assert (outcome.done, len(other.calls), len(teacher.calls)) == (16, 16, 8)
    assert len(journal.cells()) == 4


def test_errors_are_tried_again_by_the_next_session(experiment, sums, student):
    def broken(prompt):
        raise ConnectionError("away")

    outcome, journal = experiment({"scripted:s": ScriptedChatModel(script=broken)}, problems=sums(3), methods="standard")
    assert (outcome.failed, journal.counts(journal.cells()[0]["id"])) == (3, {"error": 3})
    outcome, journal = experiment(problems=sums(3), methods="standard")
    assert (outcome.done, outcome.failed, journal.counts(journal.cells()[0]["id"])) == (3, 0, {"correct": 3})


def test_a_full_disk_ends_the_run_and_keeps_what_is_there(experiment, sums, tmp_path, monkeypatch):
    write, written = Journal.write_row, []

    def full(self, row):
        if len(written) == 7:
            pages = self.db.execute("pragma page_count").fetchone()[0]
            self.db.execute(f"pragma max_page_count = {pages}")
        written.append(row)
        write(self, {**row, "detail": {"solution": "x" * 20_000}})

    monkeypatch.setattr(Journal, "write_row", full)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        experiment(problems=sums(40), methods="standard")
    monkeypatch.undo()
    outcome, journal = experiment(problems=sums(40), methods="standard")
    assert 0 < outcome.done <= 40 - 7
    assert journal.counts(journal.cells()[0]["id"]) == {"correct": 40}


@pytest.mark.slow
def test_a_run_killed_twenty_times_ends_like_an_undisturbed_one(tmp_path, sums):
    problems = sums(400)
    for folder in ("calm", "killed"):
        (tmp_path / folder).mkdir()

    def start(folder):
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path / folder), problems], stdout=subprocess.PIPE, text=True, cwd=tmp_path
        )

    calm = start("calm")
    assert "done 800" in calm.communicate(timeout=120)[0]
    chance, killed = random.Random(7), 0
    while killed < 20:
        process = start("killed")
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.25))
        process.send_signal(chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        killed += process.wait(timeout=30) != 0
        process.stdout.close()
    last = start("killed")
    assert "done" in last.communicate(timeout=120)[0]
    assert contents(tmp_path / "killed") == contents(tmp_path / "calm")
    asked = [json.loads(line) for line in (tmp_path / "killed" / "teacher.log").read_text().splitlines()]
    assert len(set(asked)) == 400
    assert len(asked) <= 400 + 20 * 4
    students = (tmp_path / "killed" / "student.log").read_text().splitlines()
    assert len(students) <= 800 + 20 * 4
    assert not [name for name in os.listdir(tmp_path / "killed") if "corrupt" in name]
