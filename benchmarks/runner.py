"""What the runner adds to a problem, beside inspect_ai with its mock model: `python benchmarks/runner.py`.

All models answer at once, so that all time is the machinery's. Three ways take turns on the same problems: the graph alone
(`abatch`), an experiment (the graph, the journal, progress), and inspect_ai's `eval` (solver, scorer, its log). inspect_ai gets
an environment of its own in the temporary folder. `--memory 100000` runs an experiment of that many problems instead and
prints its memory on the way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

INSPECT = """
import json, sys, tempfile, time
import tiktoken

class Words:
    def encode(self, text, **options):
        return text.split()

tiktoken.get_encoding = lambda name: Words()  # the real one is downloaded at its first use; this one is faster
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate

rows = [json.loads(line) for line in open(sys.argv[1])]
samples = [Sample(input=row["question"], target=row["reference"]) for row in rows]
reply = ModelOutput.from_content("mockllm/model", "6 * 7 = 42\\nAnswer: 42")
model = get_model("mockllm/model", custom_outputs=[reply] * len(rows))
task = Task(dataset=samples, solver=generate(), scorer=match(numeric=True))
started = time.perf_counter()
[log] = eval(task, model=model, display="none", log_dir=tempfile.mkdtemp(), max_connections=int(sys.argv[2]),
             max_samples=int(sys.argv[2]))
seconds = time.perf_counter() - started
assert log.status == "success" and log.results.completed_samples == len(rows), str(log.error)[-2000:]
print("SECONDS", seconds)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--memory", type=int, help="run so many problems and print memory")
    parser.add_argument("--skip-inspect", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.memory:
            asyncio.run(experiment(Path(folder), write(Path(folder), options.memory), options.concurrency, memory=True))
            return
        compare(Path(folder), options)


def compare(folder: Path, options: Any) -> None:
    path = write(folder, options.problems)
    ways = {"graph alone": graph_alone, "experiment": lambda *args: asyncio.run(experiment(folder, *args))}
    if not options.skip_inspect:
        python = inspect_python()
        ways["inspect_ai"] = lambda *args: inspect(python, *args)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            seconds[name].append(way(path, options.concurrency))
    per_problem = {name: 1000 * statistics.median(values) / options.problems for name, values in seconds.items()}
    for name, values in seconds.items():
        spread = ", ".join(f"{1000 * value / options.problems:.2f}" for value in values)
        print(f"{name:12} {per_problem[name]:6.2f} ms a problem   (rounds: {spread})")
    print(f"the runner adds {per_problem['experiment'] - per_problem['graph alone']:.2f} ms a problem to the graph")
    if "inspect_ai" in per_problem:
        ratio = per_problem["inspect_ai"] / per_problem["experiment"]
        print(f"inspect_ai takes {ratio:.2f} times as long as an experiment")


def write(folder: Path, count: int) -> Path:
    path = folder / f"problems-{count}.jsonl"
    rows = ({"question": f"Number {n}: what is 6 * 7?", "reference": "42"} for n in range(count))
    with path.open("w") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return path


def student() -> Any:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Instant(BaseChatModel):
        """Answers at once and keeps nothing, unlike `ScriptedChatModel`, which remembers its calls."""

        @property
        def _llm_type(self) -> str:
            return "instant"

        def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
            usage = {"input_tokens": 12, "output_tokens": 8, "total_tokens": 20}
            message = AIMessage(content="6 * 7 = 42\nAnswer: 42", usage_metadata=usage)
            return ChatResult(generations=[ChatGeneration(message=message)])

        async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
            return self._generate(messages)

    return Instant()


def graph_alone(path: Path, concurrency: int) -> float:
    from trace_of_thought import build_baseline, load_problems

    graph = build_baseline("standard", student())
    inputs = [problem.as_input() for problem in load_problems(path)]
    started = time.perf_counter()
    results = asyncio.run(graph.abatch(inputs, {"max_concurrency": concurrency}))
    seconds = time.perf_counter() - started
    assert all(result["status"] == "correct" for result in results)
    return seconds


async def experiment(folder: Path, path: Path, concurrency: int, *, memory: bool = False) -> float:
    from trace_of_thought.experiments.design.config_file import build_config
    from trace_of_thought.experiments.design.plan import make_plan
    from trace_of_thought.experiments.run.preparing import open_journal
    from trace_of_thought.experiments.run.runner import run_experiment

    students = {"model": "scripted:instant", "concurrency": concurrency}
    config = build_config({"name": f"b{time.time_ns()}", "problems": str(path), "methods": "standard", "students": students})
    plan = make_plan(config)
    done, every = 0, max(100, len(next(iter(plan.sets.values()))) // 10)

    def watch(*_: Any) -> None:
        nonlocal done
        done += 1
        if memory and done % every == 1:
            print(f"{done:7} problems {resident_mb():7.1f} MB", flush=True)

    with open_journal(plan, folder) as journal:
        started = time.perf_counter()
        outcome = await run_experiment(plan, journal, models={"scripted:instant": student()}, watch=watch)
        seconds = time.perf_counter() - started
        [cell] = journal.cells()
        assert journal.counts(cell["id"]) == {"correct": outcome.done}
    if memory:
        print(f"{done:7} problems {resident_mb():7.1f} MB, {1000 * seconds / done:.2f} ms a problem")
    return seconds


def resident_mb() -> float:
    import psutil

    return psutil.Process().memory_info().rss / 1e6


def inspect_python() -> Path:
    """Return the Python of an environment that has inspect_ai; made at the first call."""
    home = Path(tempfile.gettempdir()) / "trace-of-thought-inspect"
    python = home / "bin" / "python"
    if not python.exists() or subprocess.run([python, "-c", "import inspect_ai"], capture_output=True).returncode:
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "inspect-ai"], check=True)
    return python


def inspect(python: Path, path: Path, concurrency: int) -> float:
    done = subprocess.run(
        [python, "-c", INSPECT, str(path), str(concurrency)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    if "SECONDS" not in done.stdout:
        sys.exit(f"inspect_ai failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return float(done.stdout.split("SECONDS")[1])


if __name__ == "__main__":
    main()
