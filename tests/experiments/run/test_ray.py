"""A run whose student has replicas on a small Ray cluster: a kill loses no row, and the traces tell who answered."""

import asyncio
import os
import shutil
import signal
import tempfile
import time

import pytest

from trace_of_thought import tracking
from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.exchange.publishing import MlflowTracker, experiment_record
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.runner import run_experiment
from trace_of_thought.models import ReplicatedChatModel, ScriptedChatModel

PROBLEMS = 24
COLUMNS = ("key", "status", "answer", "student_input_tokens", "student_output_tokens", "n_steps")


@pytest.fixture
def cluster(monkeypatch):
    """A head without CPUs, and two nodes with one each; in a short folder, since Ray's sockets lie in it."""
    utils = pytest.importorskip("ray.cluster_utils")
    folder = tempfile.mkdtemp(prefix="r")
    monkeypatch.setenv("RAY_TMPDIR", folder)
    monkeypatch.setenv("RAY_worker_niceness", "0")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    size = {"object_store_memory": 80 * 2**20, "include_dashboard": False}
    started = utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **size})
    for _ in range(2):
        started.add_node(num_cpus=1, **size)
    yield started
    started.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


def sleeper(folder):
    """Return a loader of the student: it tells its process, sleeps and adds one."""

    def load():
        import os
        import time
        from pathlib import Path

        from trace_of_thought.models import ScriptedChatModel

        (Path(folder) / str(os.getpid())).touch()

        def reply(prompt):
            time.sleep(0.1)
            number = int(prompt.split("What is ")[1].split(" +")[0])
            return f"{number} + 1 = {number + 1}\nAnswer: {number + 1 + (number % 3 == 0)}"

        return ScriptedChatModel(script=reply)

    return load


def run(folder, problems, student, database, kill=lambda done: None):
    """Run two methods; returns the rows, the calls and tokens that were lost, and MLflow's address."""
    folder.mkdir()
    shutil.copy(database, folder / "mlflow.db")
    teacher = ScriptedChatModel(script=lambda prompt: "1. Look at the number.\n2. Add one to it.")
    fields = {"problems": problems, "methods": ["standard", "trace_of_thought"], "concurrency": 8}
    plan = make_plan(build_config({**fields, "students": ["scripted:s"], "teachers": ["scripted:t"]}))
    address = f"sqlite:///{folder / 'mlflow.db'}"
    done = iter(range(1, 10 * PROBLEMS))
    with open_journal(plan, folder) as journal, tracking.connect(address) as store:
        tracker = MlflowTracker(tracking.open_runs(store, experiment_record(journal, whole=False)))
        models = {"scripted:s": student, "scripted:t": teacher}
        watch = {"watch": lambda *told: kill(next(done))}
        outcome = asyncio.run(run_experiment(plan, journal, models=models, tracker=tracker, **watch))
        assert (outcome.done, outcome.failed, len(teacher.calls)) == (2 * PROBLEMS, 0, PROBLEMS)
        rows = {cell["method"]: list(journal.rows(cell["id"], detail=True)) for cell in journal.cells()}
        return rows, journal.lost(), address


def table(rows):
    return {
        method: [[*(row[name] for name in COLUMNS), row["detail"]["solution"]] for row in some] for method, some in rows.items()
    }


@pytest.mark.slow
def test_a_killed_replica_loses_no_row_and_no_trace(cluster, sums, tmp_path, empty_database):
    processes = tmp_path / "processes"
    processes.mkdir()
    student = ReplicatedChatModel.start(sleeper(str(processes)), name="sleeper", replicas=2, ray=cluster.address)
    killed = []

    def kill(done):
        if done == PROBLEMS // 2:
            killed.append(int(min(file.name for file in processes.iterdir())))
            os.kill(killed[0], signal.SIGKILL)

    try:
        rows, lost, address = run(tmp_path / "killed", sums(PROBLEMS), student, empty_database, kill)
        deadline = time.monotonic() + 60
        while [place.state for place in student.places] != ["live", "live"] and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [place.state for place in student.places] == ["live", "live"]
    finally:
        student.close()
    calm, nothing, _ = run(tmp_path / "calm", sums(PROBLEMS), sleeper(str(processes))(), empty_database)
    assert table(rows) == table(calm)
    assert nothing == (0, 0)
    repeated = [row["detail"]["served"] for some in rows.values() for row in some if "lost_calls" in row["detail"]["served"]]
    assert 1 <= len(repeated) <= 8
    assert lost == (sum(one["lost_calls"] for one in repeated), sum(one["lost_tokens"] for one in repeated))

    from mlflow import MlflowClient

    client = MlflowClient(address)
    experiment = client.get_experiment_by_name("experiment").experiment_id
    found = client.search_traces([experiment], max_results=500)
    assert len(found) == 2 * PROBLEMS
    traces = {trace.info.trace_id: trace.data.spans for trace in found}
    for row in (row for some in rows.values() for row in some):
        told = [span.attributes for span in traces[row["trace_id"]] if "response.replica" in span.attributes]
        served = row["detail"]["served"]
        assert [f"{one['response.replica']} on {one['response.node']}" for one in told] == served["replicas"]
        assert sum(one.get("response.lost_tokens", 0) for one in told) == served.get("lost_tokens", 0)
