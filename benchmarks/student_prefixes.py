"""What it gains to read a prompt's known beginning only once: prompts that begin alike, with and without it, in turns.

    python benchmarks/student_prefixes.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl [--json FILE]

Questions that share nothing but the chat template, several samples of the same prompts, and prompts with eight worked
examples before the question, from many callers and from one. Seconds are from the first call to the last reply.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

from student_rows import write_json

Calls = list[tuple[str, dict[str, Any]]]


def main() -> None:
    options = _arguments()
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    problems = [json.loads(line) for line in options.problems.read_text().splitlines()]
    student = BatchedChatHuggingFace.from_model_id(options.model, device="cpu", engine="grouped", max_tokens=options.new_tokens)
    student.invoke("Hello", max_tokens=8)
    found: dict[str, Any] = {}
    for name, calls in workloads(problems, options.size).items():
        if name in options.only or not options.only:
            found[name] = compare(student, calls, at_once=name != "examples, one after the other")
            print(name, *(f"{key} {value:.2f}" for key, value in found[name].items()), sep=", ", flush=True)
            if options.json:
                write_json(options.json, found)
    student.close()


def workloads(problems: list[dict[str, Any]], size: int) -> dict[str, Calls]:
    from trace_of_thought.prompts import load_prompts

    prompts = load_prompts("default")
    questions = [problem["question"] for problem in problems]
    tasks = [prompts.fill("plan_and_solve", question=question) for question in questions[: max(1, size // 8)]]
    examples = "".join(f"Question: {one['question']}\nAnswer: {one['answer']}\n\n" for one in problems[-8:])
    shown = [f"{examples}Question: {question}\nAnswer:" for question in questions]
    return {
        "questions": [(question, {}) for question in questions[:size]],
        "8 samples": [(task, {"temperature": 0.7, "seed": seed}) for task in tasks for seed in range(8)],
        "examples": [(prompt, {"stop": ["Question:"]}) for prompt in shown[:size]],
        "examples, one after the other": [(prompt, {"stop": ["Question:"]}) for prompt in shown[: max(1, size // 16)]],
    }


def compare(student: Any, calls: Calls, at_once: bool) -> dict[str, float]:
    """Measure in turns, twice each; the cache is emptied before each turn."""
    seconds: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(2):
        for way, taken in seconds.items():
            student._service.engine.release()
            with (
                mock.patch("trace_of_thought.models.engine.grouped.prefixes._shared", return_value=0)
                if way == "without"
                else nullcontext()
            ):
                taken.append(asyncio.run(run(student, calls, at_once)))
    total = {way: sum(taken) for way, taken in seconds.items()}
    return {**total, "gain": total["without"] / total["with"]}


async def run(student: Any, calls: Calls, at_once: bool) -> float:
    start = time.perf_counter()
    if at_once:
        await asyncio.gather(*(student.ainvoke(prompt, **options) for prompt, options in calls))
    else:
        for prompt, options in calls:
            await student.ainvoke(prompt, **options)
    return time.perf_counter() - start


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="SmolLM2-135M-Instruct: hub id, folder or .gguf file")
    parser.add_argument("--problems", required=True, type=Path, help="GSM8K test set, JSON lines with 'question' and 'answer'")
    parser.add_argument("--only", nargs="*", default=[], help="names of what to measure")
    parser.add_argument("--json", type=Path, help="file to write after each")
    parser.add_argument("--size", type=int, default=64, help="calls of the largest")
    parser.add_argument("--new-tokens", type=int, default=64, help="of a reply at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
