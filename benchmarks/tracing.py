"""What tracing costs a graph, beside `mlflow.langchain.autolog`, and how many traces arrive: `python benchmarks/tracing.py`.

Three modes run in turns on the same problems with scripted models that answer at once, so that all time is the graph's and
the tracer's. "with delivery" includes the time until the store has everything.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODES = ("no tracing", "trace_of_thought", "mlflow.langchain.autolog")


def build() -> Any:
    from trace_of_thought import build_trace_of_thought
    from trace_of_thought.models import ScriptedChatModel

    teacher = ScriptedChatModel(script=lambda prompt: "1. Multiply 6 by 7.\n2. State the product.")
    student = ScriptedChatModel(script=lambda prompt: "6 * 7 = 42\nAnswer: 42")
    return build_trace_of_thought(teacher, student)


def measure(mode: str, graph: Any, problems: list[dict[str, Any]], concurrency: int) -> tuple[float, float, int]:
    """Return seconds for the graph, seconds with delivery, and the number of whole traces that arrived."""
    import mlflow

    from trace_of_thought import tracking

    experiment = f"{mode} {time.time_ns()}"
    work = {"max_concurrency": concurrency}
    if mode == "no tracing":
        seconds = timed(lambda: asyncio.run(graph.abatch(problems, work)))
        return seconds, seconds, 0
    if mode == "trace_of_thought":
        store = tracking.connect()
        handler = tracking.TraceHandler(store, store.experiment_id(experiment))
        graph_s = timed(lambda: asyncio.run(graph.abatch(problems, {**work, "callbacks": [handler]})))
        return graph_s, graph_s + timed(lambda: store.close(60)), arrived(experiment)
    mlflow.set_experiment(experiment)
    mlflow.langchain.autolog()
    graph_s = timed(lambda: asyncio.run(graph.abatch(problems, work)))
    flush_s = timed(mlflow.flush_trace_async_logging)
    mlflow.langchain.autolog(disable=True)
    return graph_s, graph_s + flush_s, arrived(experiment)


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def arrived(experiment: str) -> int:
    """Count the traces of an experiment whose root span and all four nodes are there."""
    from mlflow import MlflowClient

    client = MlflowClient("sqlite:///mlflow.db")
    found = client.get_experiment_by_name(experiment)
    whole, token = 0, None
    while found:
        page = client.search_traces(locations=[found.experiment_id], max_results=200, page_token=token)
        for trace in page:
            names = {span.name for span in trace.data.spans}
            ended = all(span.end_time_ns for span in trace.data.spans)
            whole += ended and {"decompose", "review", "solve", "verify"} <= names
        token = page.token
        if not token:
            break
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=300)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        run(chosen.problems, chosen.concurrency, chosen.rounds)
        os.chdir(Path.home())


def run(count: int, concurrency: int, rounds: int) -> None:
    import mlflow

    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    graph = build()
    problems = [{"question": f"What is 6 * 7, for the time {number}?", "reference": "42"} for number in range(count)]
    for mode in MODES:
        measure(mode, graph, problems[:20], concurrency)
    results: dict[str, list[tuple[float, float, int]]] = {mode: [] for mode in MODES}
    for _ in range(rounds):
        for mode in MODES:
            results[mode].append(measure(mode, graph, problems, concurrency))
    show(results, count, concurrency, rounds)


def show(results: dict[str, list[tuple[float, float, int]]], count: int, concurrency: int, rounds: int) -> None:
    print(f"{count} instant problems, {concurrency} at a time, median of {rounds} rounds, ms a problem")
    print(f"{'mode':<26}{'graph':>8}{'added':>8}{'with delivery':>15}{'whole traces':>18}")
    base = statistics.median(seconds for seconds, _, _ in results[MODES[0]]) / count * 1000
    for mode, rows in results.items():
        graph_ms = statistics.median(row[0] for row in rows) / count * 1000
        total_ms = statistics.median(row[1] for row in rows) / count * 1000
        whole = "" if mode == MODES[0] else f"{min(row[2] for row in rows)} of {count}"
        print(f"{mode:<26}{graph_ms:>8.1f}{graph_ms - base:>8.1f}{total_ms:>15.1f}{whole:>18}")


if __name__ == "__main__":
    main()
