"""What replicas on Ray cost: `python benchmarks/ray_overhead.py [--memory 100000]`.

Students that sleep stand for models, so that only the way to them is measured: on a Ray that is started on this machine.

- overhead: 2,000 calls of 50 ms, 128 at a time, through two replicas; what a call takes beyond the ideal.
- linear: each student answers 16 calls at a time in 2 s. The rate of 8 replicas over 8 times the rate of one.
- memory: the resident memory of the driver while it runs an experiment of many problems, with `--memory PROBLEMS` only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def sleeper(seconds: float, room: int) -> Any:
    """Return a loader of a student that answers so many calls at a time in so many seconds."""

    def load() -> Any:
        import asyncio

        from langchain_core.language_models import BaseChatModel
        from langchain_core.messages import AIMessage
        from langchain_core.outputs import ChatGeneration, ChatResult

        class Sleeper(BaseChatModel):
            max_batch_size: int = room

            @property
            def _llm_type(self) -> str:
                return "sleeper"

            def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
                raise NotImplementedError

            async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
                await asyncio.sleep(seconds)
                usage = {"input_tokens": 100, "output_tokens": 100, "total_tokens": 200}
                return ChatResult(generations=[ChatGeneration(message=AIMessage("Answer: 1", usage_metadata=usage))])

        return Sleeper()

    return load


def start(load: Any, replicas: int) -> Any:
    from trace_of_thought.models import ReplicatedChatModel

    return ReplicatedChatModel.start(load, name="sleeper", replicas=replicas, cpus_per_replica=0.1)


async def timed(model: Any, calls: int, width: int) -> float:
    """Return the seconds that so many calls take, so many at a time."""
    gate = asyncio.Semaphore(width)

    async def call() -> None:
        async with gate:
            await model.ainvoke("What is 1 + 1?")

    await asyncio.gather(*(call() for _ in range(width)))
    started = time.monotonic()
    await asyncio.gather(*(call() for _ in range(calls)))
    return time.monotonic() - started


def overhead(calls: int = 2000, width: int = 128, seconds: float = 0.05) -> None:
    load = sleeper(seconds, width)
    model = start(load, 2)
    for name, one in (("in this process", load()), ("on two replicas", model)):
        took = asyncio.run(timed(one, calls, width))
        beyond = 1000 * (took - calls * seconds / width) / calls
        print(f"{calls} calls {name}: {took:.2f} s, {beyond:.2f} ms a call beyond the ideal", flush=True)
    alone = start(load, 1)
    for name, one in (("in this process", load()), ("on a replica", alone)):
        took = asyncio.run(timed(one, 100, 1))
        print(f"100 calls {name}, one at a time: {1000 * (took / 100 - seconds):.2f} ms a call beyond the ideal", flush=True)
    model.close()
    alone.close()


def linear(seconds: float = 2.0, room: int = 16, rounds: int = 6) -> None:
    rates = {}
    for replicas in (1, 8):
        model = start(sleeper(seconds, room), replicas)
        calls = rounds * room * replicas
        rates[replicas] = calls / asyncio.run(timed(model, calls, room * replicas))
        model.close()
        print(f"{replicas} replicas: {rates[replicas]:.2f} calls/s of {replicas * room / seconds:g}", flush=True)
    print(f"8 replicas give {rates[8] / rates[1] / 8:.3f} of 8 times one", flush=True)


def memory(problems: int, width: int = 128) -> None:
    """Run an experiment and print the driver's resident memory at each twentieth."""
    import psutil

    from trace_of_thought.experiments.design.config_file import build_config
    from trace_of_thought.experiments.design.plan import make_plan
    from trace_of_thought.experiments.run.preparing import open_journal
    from trace_of_thought.experiments.run.runner import run_experiment

    process, done, started = psutil.Process(), 0, time.monotonic()

    def watch(*told: Any) -> None:
        nonlocal done
        done += 1
        if done % max(1, problems // 20) == 0:
            rate = done / (time.monotonic() - started)
            print(f"{done:7} problems, {rate:.0f}/s: {process.memory_info().rss / 2**20:.0f} MiB", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        rows = ({"question": f"What is {n} + 1?", "reference": str(n + 1)} for n in range(problems))
        file = Path(folder) / "problems.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        fields = {"problems": str(file), "methods": ["standard"], "students": ["scripted:s"], "concurrency": width}
        plan = make_plan(build_config(fields))
        model = start(sleeper(0.05, width), 2)
        with open_journal(plan, Path(folder)) as journal:
            asyncio.run(run_experiment(plan, journal, models={"scripted:s": model}, watch=watch))
        model.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", type=int, metavar="PROBLEMS", help="measure the driver's memory instead")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}", flush=True)
    if options.memory:
        memory(options.memory)
    else:
        overhead()
        linear()


if __name__ == "__main__":
    main()
