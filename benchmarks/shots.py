r"""What few-shot examples cost where prompts that begin alike are read once.

    python benchmarks/shots.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl [--shots 0 3 8] [--questions 16]

The method `standard` solves the same questions with each number of examples, with OpenVINO's prefix cache on and off, in turns
in one run; each time with an engine that has read nothing yet. It prints seconds, the tokens of all prompts, those of them
that were to be read (with the cache, whole blocks of the beginning of an earlier prompt are not), and the ratio of the times
to that of no examples.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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

    def __init__(self, script: Path, settings: dict[str, Any]) -> None:
        settings["scheduler"]["enable_prefix_caching"] = self.cached
        super().__init__(script, settings)

    def say(self, message: dict[str, Any]) -> None:
        self.prompts.extend(call["prompt"] for call in message.get("add", []))
        super().say(message)


def main() -> None:
    options = _arguments()
    questions = [json.loads(line)["question"] for line in options.problems.read_text().splitlines()[: options.questions]]
    seconds: Counter[tuple[int, bool]] = Counter()
    tokens: dict[tuple[int, bool], tuple[int, int, int]] = {}
    for turn in range(options.turns):
        for shots in options.shots:
            for cached in (True, False):
                took, tokens[shots, cached] = _solve(options, questions, shots, cached)
                seconds[shots, cached] += took
                print(turn, f"{shots} shots, cache {'on' if cached else 'off'}: {took:.1f} s", flush=True)
    print("shots | cache | seconds | ratio | tokens of prompts | read | written")
    for (shots, cached), took in seconds.items():
        ratio = took / seconds[min(options.shots), cached]
        told, read, written = tokens[shots, cached]
        print(f"{shots} | {'on' if cached else 'off'} | {took:.1f} | {ratio:.2f} | {told:,} | {read:,} | {written:,}")


def _solve(options: argparse.Namespace, questions: list[str], shots: int, cached: bool) -> tuple[float, tuple[int, int, int]]:
    """Return seconds, and the tokens of all prompts, of what was read of them, and of all replies."""
    with _engine(options, cached) as student:
        graph = build_baseline("standard", student, shots=shots)
        start = time.perf_counter()
        results = asyncio.run(graph.abatch([{"question": question} for question in questions]))
        took = time.perf_counter() - start
        prompts = Reader.prompts[1:]  # without the one that warms up
    told, written = sum(map(len, prompts)), sum(result["usage"]["student"]["output_tokens"] for result in results)
    return took, (told, _read(prompts) if cached else told, written)


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
