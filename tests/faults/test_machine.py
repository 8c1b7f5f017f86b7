"""What a machine does: a disk that is full, a clock that jumps, memory that ends."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from trace_of_thought.experiments.journal.find_journal import find_journal
from trace_of_thought.tracking.store.keeper import SOURCE_RUN, Keeper
from trace_of_thought.tracking.store.outbox import Outbox

DAY_S = 86_400


def trace(number, run=""):
    info = SimpleNamespace(trace_id=f"tr-{number}", trace_metadata={SOURCE_RUN: run})
    return SimpleNamespace(info=info, to_json=lambda: "x" * 50_000)


@pytest.fixture
def full(tmp_path):
    """An outbox on a disk without room for a trace; `room()` frees some."""
    outbox = Outbox(tmp_path / "outbox.sqlite")
    outbox.pause("t", {})
    pages = outbox._connection().execute("pragma page_count").fetchone()[0]
    outbox._connection().execute(f"pragma max_page_count = {pages}")
    return outbox, lambda: outbox._connection().execute("pragma max_page_count = 100000")


def test_traces_that_a_full_disk_refuses_are_written_when_there_is_room(full):
    outbox, room = full
    keeper, sent = Keeper(outbox, "here", lambda: None), []
    keeper.hold(["held"])
    for number, run in enumerate(["", "held", "held"]):
        keeper.keep(trace(number, run))
    keeper.release("tr-1")
    room()
    keeper.flush(sent.extend)
    assert sent == []
    assert outbox.count("here") == 2  # the third belongs to a problem that has no row


def test_traces_that_a_full_disk_refuses_are_sent_directly_at_the_end(full, caplog):
    outbox, _ = full
    keeper, sent = Keeper(outbox, "here", lambda: None), []
    for number in range(20):
        keeper.keep(trace(number))
    keeper.flush(sent.extend)
    assert [found.info.trace_id for found in sent] == [f"tr-{number}" for number in range(20)]
    assert len([record for record in caplog.records if "free disk space" in record.message]) == 1


def test_traces_that_nobody_takes_are_counted(full, caplog):
    outbox, _ = full

    def away(traces):
        raise ConnectionError("away")

    keeper = Keeper(outbox, "here", lambda: None)
    keeper.keep(trace(1))
    keeper.flush(away)
    assert "1 traces are lost" in caplog.text


def sums(count):
    rows = ({"question": f"What is {n} + 1?", "reference": "4", "id": str(n)} for n in range(count))
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.slow
def test_a_clock_that_jumps_changes_no_result(tot, hostile, store_here, tmp_path, monkeypatch, fault_seed):
    from mlflow import MlflowClient

    (tmp_path / "p.jsonl").write_text(sums(20))
    chance, now, now_ns = random.Random(fault_seed), time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: now() + chance.uniform(-DAY_S, DAY_S))
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + chance.randrange(-DAY_S, DAY_S) * 10**9)
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", hostile.url]
    code, output = tot("run", "--problems", "p.jsonl", *models, "--methods", "trace_of_thought", "--max-minutes", "30")
    monkeypatch.undo()
    assert code == 0, output
    with find_journal("experiment", tmp_path / ".trace_of_thought") as journal:
        rows = [row for cell in journal.cells() for row in journal.rows(cell["id"])]
    assert [row["status"] for row in rows] == ["correct"] * 20
    assert all(0 <= row["seconds"] < 300 for row in rows)
    client = MlflowClient(f"sqlite:///{store_here}")
    [experiment] = client.search_experiments(filter_string="name = 'experiment'")
    traces = client.search_traces(locations=[experiment.experiment_id], max_results=50)
    assert {found.info.trace_id for found in traces} == {row["trace_id"] for row in rows}
    assert all(0 <= found.info.execution_duration < 300_000 for found in traces)


NARROW = """
import asyncio, resource, sys
from pathlib import Path
from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.runner import run_experiment
from trace_of_thought.models import ScriptedChatModel

plan = make_plan(build_config({"problems": sys.argv[1], "students": "scripted:s", "methods": "standard", "retries": 0}))
small = "3 + 1 = 4\\nAnswer: 4"
student = ScriptedChatModel(script=lambda prompt: "x" * 300_000_000 + small if "2 + 1" in prompt else small)
with open_journal(plan, Path(sys.argv[2])) as journal:
    unlimited = resource.getrlimit(resource.RLIMIT_AS)

    async def run_narrow():
        used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmSize")) * 1024
        resource.setrlimit(resource.RLIMIT_AS, (used + 500_000_000, unlimited[1]))
        try:
            return await run_experiment(plan, journal, models={"scripted:s": student})
        finally:  # asyncio starts one more thread to close, which is no part of what is tried
            resource.setrlimit(resource.RLIMIT_AS, unlimited)

    outcome = asyncio.run(run_narrow())
    [cell] = journal.cells()
    print(outcome.done, *[(row["status"], (row["error"] or "")[:70]) for row in journal.rows(cell["id"])])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_memory_that_ends_with_one_problem_costs_that_problem_alone(tmp_path):
    (tmp_path / "p.jsonl").write_text(sums(6))
    done = subprocess.run(
        [sys.executable, "-c", NARROW, str(tmp_path / "p.jsonl"), str(tmp_path)],
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # each thread's arena would take 64 MB of the addresses
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("6 "), done.stdout
    assert done.stdout.count("('correct', '')") == 5, done.stdout
    assert done.stdout.count("no memory is left on this machine") == 1, done.stdout


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
sys.argv[0] = "tot"
from trace_of_thought.cli.app import main
main()
"""


@pytest.mark.slow
def test_a_disk_that_fills_anywhere_loses_no_row_that_was_written(hostile, store_here, tmp_path, fault_seed):
    """Files cannot grow beyond a limit, and the run is repeated with more room until it is whole."""
    (tmp_path / "p.jsonl").write_text(sums(30))
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", hostile.url]
    command = ["run", "--problems", "p.jsonl", *models, "--methods", "standard,trace_of_thought", "--no-tracking"]
    environment = {"PATH": "", "HOME": str(tmp_path), "OPENAI_API_KEY": "x", "PYTHONPATH": ":".join(sys.path)}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # Python would cut its own cached modules off at the limit
    chance, rows = random.Random(fault_seed), 0
    for limit in (chance.randrange(20_000, 90_000), chance.randrange(90_000, 200_000), 10**9):
        words = [sys.executable, "-c", FULL, str(limit), *command]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280)
        assert "Traceback" not in done.stdout + done.stderr
        assert done.returncode == 0 or "free disk space" in done.stderr, done.stderr
        journal = tmp_path / ".trace_of_thought" / "experiment.journal.sqlite"
        with sqlite3.connect(journal) as db:
            tables = db.execute("select count(*) from sqlite_master where name = 'rows'").fetchone()[0]
            found = db.execute("select count(*) from rows").fetchone()[0] if tables else 0
        assert found >= rows
        rows = found
    assert (done.returncode, rows) == (0, 60)
