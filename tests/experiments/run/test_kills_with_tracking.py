"""`tot run`, killed while it solves and while it writes to MLflow: in the end MLflow tells what the journal does."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trace_of_thought.experiments.exchange.publishing import cell_metrics
from trace_of_thought.experiments.journal.find_journal import find_journal
from trace_of_thought.experiments.report.summary import summarise

PROBLEMS, WIDTH = 60, 4
COMMAND = [sys.executable, "-c", "import sys; from trace_of_thought.cli.app import main; main()", "run"]


@pytest.fixture
def server(openai_server):
    def reply(prompt):
        time.sleep(0.01)
        if "step-by-step prompts" in prompt:
            return "1. Look at the number.\n2. Add one to it."
        number = int(re.search(r"What is (\d+) \+ 1", prompt)[1])
        return f"Answer: {number + 1 + (number % 3 == 0)}"

    openai_server.reply = reply
    return openai_server


@pytest.fixture
def start(server, sums, tmp_path, empty_database):
    """Start the command in a folder of its own."""
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", server.url]
    prices = ["--price", "openai:s=1000/2000", "--price", "openai:t=3000/4000"]
    command = [*COMMAND, "--problems", sums(PROBLEMS), *models, *prices, "--concurrency", str(WIDTH)]
    kept = {name: value for name, value in os.environ.items() if name not in ("MLFLOW_TRACKING_URI", "TOT_HOME")}
    environment = {**kept, "OPENAI_API_KEY": "x", "PYTHONUNBUFFERED": "1"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return lambda: subprocess.Popen(command, cwd=tmp_path, env=environment, **streams)


@pytest.fixture
def journal(tmp_path):
    """Open the journal that the command writes to, as it is now."""
    return lambda: find_journal("experiment", tmp_path / ".trace_of_thought")


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()


def finished(journal):
    with journal() as opened:
        return opened.sessions()[-1]["outcome"] == "finished"


@pytest.mark.slow
def test_mlflow_tells_what_the_journal_does_after_kills(start, server, journal, tmp_path):
    chance = random.Random()
    process, asked = start(), chance.randrange(1, 2 * PROBLEMS)
    while len(server.prompts) < asked:
        time.sleep(0.005)
    kill(process)
    process = start()
    while not finished(journal):
        time.sleep(0.02)
    time.sleep(chance.uniform(0.0, 1.5))  # it writes to MLflow now
    kill(process)
    last = start()
    output, _ = last.communicate(timeout=120)
    assert last.returncode == 0, output

    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("experiment").experiment_id
    runs = client.search_runs([experiment])
    by_label = {run.data.params["method"]: run for run in runs if "method" in run.data.params}
    assert (len(runs), {run.info.status for run in runs}) == (3, {"FINISHED"})
    with journal() as opened:
        for cell, summary in zip(opened.cells(), summarise(opened), strict=True):
            rows = list(opened.rows(cell["id"]))
            assert len({row["key"] for row in rows}) == len(rows) == PROBLEMS
            assert summary["statuses"] == {"correct": PROBLEMS * 2 // 3, "incorrect": PROBLEMS // 3}
            run = by_label[cell["method"]]
            assert run.data.metrics == {**cell_metrics(summary), "done": PROBLEMS}
            assert table(client, run, tmp_path) == [(row["key"], row["status"], row["trace_id"]) for row in rows]
            steps = [point.step for point in client.get_metric_history(run.info.run_id, "done")]
            assert (len(set(steps)), max(steps)) == (len(steps), PROBLEMS)
            for row in rows[:: PROBLEMS // 6]:
                assert client.get_trace(row["trace_id"]).info.tags["mlflow.traceName"] == cell["method"]
        totals = opened.totals()
    tokens = {"teacher_tokens": 12 * PROBLEMS, "student_tokens": 2 * 12 * PROBLEMS}
    cost = PROBLEMS * (9 * 3000 + 3 * 4000 + 2 * (9 * 1000 + 3 * 2000)) / 1e6
    spent = {"decompositions": PROBLEMS, **tokens, "cost_usd": pytest.approx(cost)}
    assert totals == {**spent, "known_cost_usd": pytest.approx(cost)}
    [parent] = [run for run in runs if "method" not in run.data.params]
    assert parent.data.metrics == spent
    assert len(server.prompts) <= 3 * PROBLEMS + WIDTH


def table(client, run, folder):
    """Return keys, statuses and traces of the problems that MLflow shows for a run."""
    shown = json.loads(Path(client.download_artifacts(run.info.run_id, "problems.json", str(folder))).read_text())
    rows = [dict(zip(shown["columns"], values, strict=True)) for values in shown["data"]]
    return [(row["key"], row["status"], row["trace_id"]) for row in rows]
