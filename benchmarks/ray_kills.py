"""Kill workers, nodes, the driver and the head under a run on Ray, and compare what is left: `python benchmarks/ray_kills.py`.

A `ray.cluster_utils.Cluster` on this machine: a head without CPUs and two nodes. An experiment of 2 methods runs in a process
of its own with a student that sleeps, on two replicas. A killer with a seed strikes 20 times: it kills a replica's process
(SIGKILL), removes a node and adds another, kills the driver (kill -9) and starts it again, kills the head and starts a new
cluster and the driver again. A teacher on a loopback server counts what it is asked. `--real FILE.gguf` does it with a real
model.

Afterwards: no row is missing or doubled, the table is that of an undisturbed run without Ray, no lesson that reached a living
driver was asked for again, and at most 5 % of the student's tokens were redone. A lesson whose reply was on its way when the
driver was killed has to be asked again; these are counted apart. Every row has a trace in MLflow that names the replica and
the node that answered.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ray_driver import SLEEP_S, WIDTH, Teacher

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112

DRIVER = str(Path(__file__).with_name("ray_driver.py"))
KILLS = ["worker"] * 8 + ["node"] * 6 + ["driver"] * 4 + ["head"] * 2
HEADLESS_S = 60
"""Ray ends a driver so long after its head died. Rows that it writes meanwhile are left out of the moments of kills."""

GRACE_S = 0.5
"""A reply that was sent less than so long before the driver's death may not have reached its journal."""


class Killer:
    """Has the cluster and the driver, and strikes both.

    Args:
        home: folder of the disturbed run.
        arguments: further arguments of the driver.
        chance: decides where to strike.
    """

    def __init__(self, home: Path, arguments: list[str], chance: random.Random) -> None:
        self.home, self.arguments, self.chance = home, arguments, chance
        self.cluster: Any = None
        self.driver: Any = None
        self.nodes: list[Any] = []
        self.deaths: list[float] = []
        self.slow: list[float] = []

    def start_cluster(self) -> None:
        from ray.cluster_utils import Cluster

        size = {"object_store_memory": 80 * 2**20}
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **size})
        self.nodes = [self.cluster.add_node(num_cpus=1, **size) for _ in range(2)]

    def start_driver(self) -> None:
        command = [sys.executable, DRIVER, "--drive", str(self.home), "--address", self.cluster.address, *self.arguments]
        errors = (self.home / "driver.log").open("a")
        self.driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        begun = time.monotonic()
        while (line := self.driver.stdout.readline()) and line != "ready\n":
            pass
        print(f"    the driver is ready after {time.monotonic() - begun:.0f} s", flush=True)

    def strike(self, kind: str) -> None:
        getattr(self, f"_{kind}")()

    def _worker(self) -> None:
        """Kill one of the replicas' processes; an earlier kill may have left none for a moment."""
        while not (pids := self._replicas()):
            time.sleep(0.1)
        os.kill(self.chance.choice(pids), signal.SIGKILL)

    def _replicas(self) -> list[int]:
        found = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        ours = {str(child) for node in self.nodes for child in descendants(node)}
        return [int(line.split()[0]) for line in found.splitlines() if "ray::Replica" in line and line.split()[0] in ours]

    def _node(self) -> None:
        """Take a node away, without a warning in half of the cases, and add another one a second later."""
        node = self.nodes.pop(self.chance.randrange(len(self.nodes)))
        self.cluster.remove_node(node, allow_graceful=self.chance.random() < 0.5)
        time.sleep(1)
        self.nodes.append(self.cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20))

    def _driver(self) -> None:
        self.driver.kill()
        self.deaths.append(time.time())
        self.driver.wait()
        self.start_driver()

    def _head(self) -> None:
        """Kill the head; the driver must end by itself, and the same command resumes on a new cluster."""
        begun = time.monotonic()
        self.cluster.remove_node(self.cluster.head_node, allow_graceful=False)
        try:
            self.driver.wait(timeout=180)
        except subprocess.TimeoutExpired:
            print("    the driver did not notice in 180 s and was killed", flush=True)
            self.driver.kill()
            self.driver.wait()
        self.deaths.append(time.time())
        self.slow.append(time.monotonic() - begun)
        print(f"    the driver ended {self.slow[-1]:.0f} s after the head, code {self.driver.returncode}", flush=True)
        self.cluster.shutdown()
        self.start_cluster()
        self.start_driver()


def descendants(node: Any) -> list[int]:
    """Return the processes below a node's raylet."""
    import psutil

    raylets = [info.process.pid for info in node.all_processes.get("raylet", [])]
    return [child.pid for pid in raylets if psutil.pid_exists(pid) for child in psutil.Process(pid).children(recursive=True)]


def rows_in(home: Path) -> int:
    """Return the rows in the journal now, read beside the run."""
    try:
        with sqlite3.connect(f"file:{home / 'experiment.journal.sqlite'}?mode=ro", uri=True, timeout=5) as db:
            return int(db.execute("select count(*) from rows where status != 'error'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def table(home: Path) -> dict[str, list[Any]]:
    """Return what must not depend on kills, by method."""
    from trace_of_thought.experiments.journal.find_journal import journal_path
    from trace_of_thought.experiments.journal.journal import Journal

    names = ("key", "status", "answer", "student_input_tokens", "student_output_tokens", "teacher_output_tokens", "n_steps")
    with Journal(journal_path(home, "experiment")) as journal:
        return {
            cell["method"]: [
                (*(row[name] for name in names), row["detail"].get("solution")) for row in journal.rows(cell["id"], detail=True)
            ]
            for cell in journal.cells()
        }


def traces_missing(home: Path) -> tuple[int, int]:
    """Return how many rows have no whole trace in MLflow, and how many traces do not name the replicas that their row names."""
    import mlflow

    from trace_of_thought.experiments.journal.find_journal import journal_path
    from trace_of_thought.experiments.journal.journal import Journal

    client = mlflow.MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("experiment").experiment_id
    told: dict[str, list[str]] = {}
    token = None
    while True:
        page = client.search_traces([experiment], max_results=200, page_token=token)
        for trace in page:
            spans = [span.attributes for span in trace.data.spans if "response.replica" in span.attributes]
            told[trace.info.trace_id] = [f"{one['response.replica']} on {one['response.node']}" for one in spans]
        if not (token := page.token):
            break
    with Journal(journal_path(home, "experiment")) as journal:
        rows = [row for cell in journal.cells() for row in journal.rows(cell["id"], detail=True)]
    missing = sum(row["trace_id"] not in told for row in rows)
    other = sum(told.get(row["trace_id"]) != row["detail"].get("served", {}).get("replicas") for row in rows)
    return missing, other - missing


def judge(folder: Path, teacher: Teacher, killer: Killer, problems: int, *, real: bool) -> bool:
    """Print what was lost, doubled or redone, and tell whether all is as it should be."""
    from trace_of_thought.experiments.journal.find_journal import journal_path
    from trace_of_thought.experiments.journal.journal import Journal

    calm, killed = table(folder / "calm"), table(folder / "killed")
    lost = sum(problems - len({row[0] for row in rows}) for rows in killed.values())
    doubled = sum(len(rows) - len({row[0] for row in rows}) for rows in killed.values())
    differing = sum(row != other for method, rows in calm.items() for row, other in zip(rows, killed[method], strict=False))
    again = {prompt: sent for prompt, sent in teacher.lessons.items() if len(sent) > 1}

    def on_its_way(sent: list[float | None]) -> bool:
        return all(at is None or any(abs(death - at) < GRACE_S for death in killer.deaths) for at in sent[:-1])

    twice = sum(not on_its_way(sent) for sent in again.values())
    with Journal(journal_path(folder / "killed", "experiment")) as journal:
        repeated, tokens = journal.lost()
        paid = journal.totals()["student_tokens"]
    share = tokens / paid
    print(f"rows lost {lost}, doubled {doubled}, other than in the undisturbed run {differing} of {2 * problems}")
    print(f"lessons {len(teacher.lessons)}, paid twice {twice}, on their way when a driver died and asked again {len(again)}")
    print(f"calls repeated by a driver {repeated}: at most {tokens} tokens, {100 * share:.2f} % of {paid}")
    if not real:
        begun = Counter((folder / "killed" / "begun.log").read_text().splitlines())
        calls = sum(begun.values())
        share = (calls - 2 * problems) / (2 * problems)
        print(f"calls begun {calls} for {2 * problems} rows: at most {100 * share:.2f} % redone, driver deaths included")
    missing, other = traces_missing(folder / "killed")
    print(f"rows without a trace {missing}, traces that name other replicas than their row {other}")
    same = (differing == 0 or real) and not missing and not other
    return not lost and not doubled and not twice and share <= 0.05 and same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", help="a .gguf file or folder of a real student")
    parser.add_argument("--max-tokens", type=int, default=32, help="of a real student's reply")
    parser.add_argument("--folder", help="where to work; a temporary folder by default")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(0 if compare(Path(options.folder or temporary), options) else 1)


def compare(folder: Path, options: Any) -> bool:
    """Run undisturbed and disturbed; returns whether the second is as good as the first."""
    for name in ("calm", "killed"):
        (folder / name).mkdir(parents=True)
    rows = [{"question": f"What is {n} + 1?", "reference": str(n + 1)} for n in range(options.problems)]
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    real = ["--real", options.real, "--max-tokens", str(options.max_tokens)] if options.real else []
    calm = Teacher()
    started = time.monotonic()
    command = [sys.executable, DRIVER, "--drive", str(folder / "calm"), "--teacher", calm.url, *real]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    print(f"undisturbed, without Ray: {time.monotonic() - started:.0f} s, {len(calm.lessons)} lessons", flush=True)
    teacher, chance = Teacher(), random.Random(options.seed)
    killer = Killer(folder / "killed", ["--teacher", teacher.url, *real], chance)
    kinds = KILLS[:] if options.kills == len(KILLS) else chance.choices(["worker", "node", "driver"], k=options.kills)
    chance.shuffle(kinds)
    total = 2 * options.problems
    pace = WIDTH / SLEEP_S if not options.real else 0
    started = time.monotonic()
    killer.start_cluster()
    print(f"the cluster is up after {time.monotonic() - started:.0f} s", flush=True)
    killer.start_driver()
    for number, kind in enumerate(kinds):
        left = 0.95 * total - rows_in(killer.home) - kinds[number:].count("head") * HEADLESS_S * pace
        moment = rows_in(killer.home) + chance.uniform(0.2, 1.8) * max(0, left) / (len(kinds) - number)
        while (done := rows_in(killer.home)) < moment and killer.driver.poll() is None:
            time.sleep(0.05)
        if killer.driver.poll() is not None:
            print(f"    the driver ended by itself, code {killer.driver.returncode}; the command is run again", flush=True)
            killer.start_driver()
        print(f"{time.monotonic() - started:6.0f} s, {done:5} rows: {kind}", flush=True)
        killer.strike(kind)
    try:
        said = killer.driver.communicate(timeout=900)[0]
    finally:
        killer.driver.kill()
        killer.cluster.shutdown()
    print(f"{time.monotonic() - started:6.0f} s: {re.sub(chr(10), ' ', said)}", flush=True)
    return judge(folder, teacher, killer, options.problems, real=bool(options.real))


if __name__ == "__main__":
    main()
