r"""What few-shot examples cost where prompts that begin alike are read once.

    python benchmarks/shots.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl [--shots 0 3 8] [--questions 16]

The method `standard` solves the same questions with each number of examples, with OpenVINO's prefix cache on and off, in turns
in one run; each time with an engine that has read nothing yet. It prints the engine's processor seconds, which other work on
the machine disturbs little, their ratio to those without examples, wall-clock seconds, the tokens of all prompts, and those of
them that were to be read (with the cache, whole blocks of the beginning of an earlier prompt are not). Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from trace_of_thought import build_baseline
from trace_of_thought.models.chat.batched import BatchedChatHuggingFace
from trace_of_thought.models.engine import openvino_engine
from trace_of_thought.models.engine.worker_process import WorkerProcess


class Reader(WorkerProcess):
    """Counts the tokens of the prompts, and switches the prefix cache."""

    cached = True
    prompts: ClassVar[list[list[int]]] = []

    started: ClassVar[list[Reader]] = []

    def __init__(self, script: Path, settings: dict[str, Any]) -> None:
        settings["scheduler"]["enable_prefix_caching"] = self.cached
        super().__init__(script, settings)
        self.started.append(self)

    def seconds(self) -> float:
        """Return the processor time that the engine's process has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def say(self, message: dict[str, Any]) -> None:
        self.prompts.extend(call["prompt"] for call in message.get("add", []))
        super().say(message)


@dataclass(frozen=True)
class Leg:
    """Seconds of the engine's processor time and of the clock; tokens of all prompts, of what was read, of all replies."""

    busy: float
    clock: float
    told: int
    read: int
    written: int


def main() -> None:
    options = _arguments()
    questions = [json.loads(line)["question"] for line in options.problems.read_text().splitlines()[: options.questions]]
    legs: dict[tuple[int, bool], list[Leg]] = defaultdict(list)
    for turn in range(options.turns):
        for shots in options.shots:
            for cached in (True, False):
                leg = _solve(options, questions, shots, cached)
                legs[shots, cached].append(leg)
                print(turn, f"{shots} shots, cache {'on' if cached else 'off'}: {leg}", flush=True)
    print("shots | cache | engine s | ratio | clock s | tokens of prompts | read | written")
    for (shots, cached), own in legs.items():
        busy, clock = sum(leg.busy for leg in own), sum(leg.clock for leg in own)
        base = sum(leg.busy for leg in legs[min(options.shots), cached])
        counts = f"{own[0].told:,} | {own[0].read:,} | {own[0].written:,}"
        print(f"{shots} | {'on' if cached else 'off'} | {busy:.1f} | {busy / base:.2f} | {clock:.1f} | {counts}")


def _solve(options: argparse.Namespace, questions: list[str], shots: int, cached: bool) -> Leg:
    with _engine(options, cached) as student:
        graph = build_baseline("standard", student, shots=shots)
        busy, clock = Reader.started[-1].seconds(), time.perf_counter()
        results = asyncio.run(graph.abatch([{"question": question} for question in questions]))
        busy, clock = Reader.started[-1].seconds() - busy, time.perf_counter() - clock
        prompts = Reader.prompts[1:]  # without the one that warms up
    told, written = sum(map(len, prompts)), sum(result["usage"]["student"]["output_tokens"] for result in results)
    return Leg(busy, clock, told, _read(prompts) if cached else told, written)


@contextmanager
def _engine(options: argparse.Namespace, cached: bool) -> Iterator[BatchedChatHuggingFace]:
    """Start an engine that has read nothing but a few words; without a cache no call waits for others that begin alike."""
    Reader.cached, Reader.prompts = cached, []
    waits = openvino_engine.SHARED_TOKENS if cached else 10**9
    with patch.object(openvino_engine, "WorkerProcess", Reader), patch.object(openvino_engine, "SHARED_TOKENS", waits):
        student = BatchedChatHuggingFace.from_model_id(
            options.model, device="cpu", engine="openvino", max_tokens=options.new_tokens
        )
        student.invoke("Hello", max_tokens=2)
        yield student
        student.close()


def _read(prompts: list[list[int]]) -> int:
    """Return how many tokens are in no whole block of the beginning of an earlier prompt."""
    size, known, read = openvino_engine.BLOCK_TOKENS, set(), 0
    for prompt in prompts:
        beginnings = [tuple(prompt[:end]) for end in range(size, len(prompt), size)]
        read += len(prompt) - size * sum(beginning in known for beginning in beginnings)
        known.update(beginnings)
    return read


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--problems", required=True, type=Path)
    parser.add_argument("--shots", type=int, nargs="+", default=[0, 3, 8])
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--turns", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
