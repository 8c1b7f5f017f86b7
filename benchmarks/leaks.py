"""Solve 20,000 problems in one process, and print what it holds on the way: `python benchmarks/leaks.py`.

Memory, threads, open files and child processes are read after every tenth; with `--tracking` the traces go to an
SQLite store, too. What grows from the second reading to the last is a leak.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psutil

from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.exchange.publishing import MlflowTracker, experiment_record
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.runner import run_experiment
from trace_of_thought.models import ScriptedChatModel

COLUMNS = ("problems", "memory MB", "threads", "files", "children")


def reading(done: int) -> tuple[int, ...]:
    """Return what the process holds, in the order of `COLUMNS`."""
    gc.collect()
    me = psutil.Process()
    return done, me.memory_info().rss // 1_000_000, me.num_threads(), me.num_fds(), len(me.children(recursive=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--problems", type=int, default=20_000)
    parser.add_argument("--tracking", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TOT_HOME"] = folder
        rows = ({"question": f"What is {n} + 1?", "reference": str(n + 1)} for n in range(options.problems))
        (Path(folder) / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        run(Path(folder), options.problems, tracking=options.tracking)


def run(folder: Path, problems: int, *, tracking: bool) -> None:
    """Solve the problems with a scripted student and print a line for each tenth of them."""
    values = {"problems": str(folder / "p.jsonl"), "students": "scripted:s", "methods": "standard"}
    plan = make_plan(build_config(values))
    student = ScriptedChatModel(script=lambda prompt: "6 * 7 = 42\nAnswer: 42")
    print(*(f"{name:>10}" for name in COLUMNS), flush=True)
    done = 0

    def watch(*_: object) -> None:
        nonlocal done
        done += 1
        if done % (problems // 10) == 0:
            print(*(f"{value:>10,}" for value in reading(done)), flush=True)

    with open_journal(plan, folder) as journal, ExitStack() as stack:
        tracker = None
        if tracking:
            from trace_of_thought.tracking import connect, open_runs

            # Closed before the folder goes: at exit, its traces would have nowhere to be sent to.
            store = stack.enter_context(connect(f"sqlite:///{folder / 'mlflow.db'}"))
            runs = open_runs(store, experiment_record(journal, whole=False))
            stack.callback(runs.flush)
            tracker = MlflowTracker(runs)
        asyncio.run(run_experiment(plan, journal, models={"scripted:s": student}, tracker=tracker, watch=watch))
    print(*(f"{value:>10,}" for value in reading(done)), " when all is closed", flush=True)


if __name__ == "__main__":
    main()
