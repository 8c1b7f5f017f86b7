"""Kinds of weights on a CPU: tokens per second with one caller and with many, in turns, and the perplexity of GSM8K solutions.

    python benchmarks/student_weights.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl [--ways float32] [--json FILE]

Those of torchao, bitsandbytes and optimum-quanto need the package. Perplexity is of the solution's tokens after the question
in the chat template, each solution alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import time
from pathlib import Path
from typing import Any

from student_rows import Leg, write_json

WAYS: dict[str, dict[str, Any]] = {
    "openvino float16": {"engine": "openvino"},
    "openvino int8": {"engine": "openvino", "weights": "int8"},
    "float32": {"engine": "continuous"},
    "bfloat16": {"dtype": "bfloat16"},
    "torchao int8": {
        "quantization_config": {
            "quant_method": "torchao",
            "quant_type": {"default": {"_type": "Int8WeightOnlyConfig", "_version": 2, "_data": {}}},
        }
    },
    "bitsandbytes int8": {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}},
    "quanto int8": {"quantization_config": {"quant_method": "quanto", "weights": "int8"}},
}


def main() -> None:
    options = _arguments()
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    problems = [json.loads(line) for line in options.problems.read_text().splitlines()]
    questions = [problem["question"] for problem in problems[: options.callers]]
    students = {
        way: BatchedChatHuggingFace.from_model_id(options.model, device="cpu", max_tokens=options.new_tokens, **WAYS[way])
        for way in options.ways
    }
    for student in students.values():
        student.invoke("Hello", max_tokens=4)
    speeds = measure(students, questions)
    found: dict[str, dict[str, float]] = {}
    for way, student in students.items():
        found[way] = speeds[way] | {"perplexity": perplexity(student, problems[: options.solutions])}
        print(f"{way:20}", *(f"{name} {value:.2f}" for name, value in found[way].items()), sep="  ", flush=True)
        if options.json:
            write_json(options.json, found)
        student.close()


def measure(students: dict[str, Any], questions: list[str]) -> dict[str, dict[str, float]]:
    """Return tokens per second of each, from two turns."""
    legs: dict[str, tuple[list[Leg], list[Leg]]] = {way: ([], []) for way in students}
    for turn in range(2):
        for way, student in students.items():
            lone, many = legs[way]
            lone.append(run(student, questions[turn : turn + 1]))
            many.append(run(student, questions))
    names = ("1 caller", f"{len(questions)} callers")
    return {way: dict(zip(names, map(_rate, both), strict=True)) for way, both in legs.items()}


def run(student: Any, questions: list[str]) -> Leg:
    async def ask() -> list[Any]:
        return await asyncio.gather(*map(student.ainvoke, questions))

    student._service.engine.release()
    start = time.perf_counter()
    replies = asyncio.run(ask())
    return Leg(sum(reply.usage_metadata["output_tokens"] for reply in replies), time.perf_counter() - start)


def perplexity(student: Any, problems: list[dict[str, Any]]) -> float:
    engine, tokenizer = student._service.engine, student.tokenizer
    loss, count = 0.0, 0
    for problem in problems:
        messages = [{"role": "user", "content": problem["question"]}]
        prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        asked, answer = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt, problem["answer"]))
        loss -= sum(likelihood.logprob for likelihood in engine.score(asked, answer, 0))
        count += len(answer)
    return math.exp(loss / count) if count else math.nan


def _rate(legs: list[Leg]) -> float:
    return sum(leg.tokens for leg in legs) / sum(leg.seconds for leg in legs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="SmolLM2-135M-Instruct: hub id, folder or .gguf file")
    parser.add_argument("--problems", required=True, type=Path, help="GSM8K test set, JSON lines with 'question' and 'answer'")
    parser.add_argument("--ways", nargs="*", default=list(WAYS)[:4], choices=list(WAYS), help="which to measure")
    parser.add_argument("--callers", type=int, default=64, help="at once")
    parser.add_argument("--new-tokens", type=int, default=48, help="of a reply at most")
    parser.add_argument("--solutions", type=int, default=200, help="for the perplexity")
    parser.add_argument("--json", type=Path, help="file to write after each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
