"""Tokens per second of the local student and of others, side by side in one run.

    python benchmarks/student.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl [--peers-python PYTHON]

Every contestant answers GSM8K questions, greedy, with 256 new tokens at most, in float32. Few callers get few questions,
since what is compared is tokens per second. Tokens are counted up to and with each reply's end token.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NEW_TOKENS = 256
ARRIVAL_SECONDS = 3.0


def main() -> None:
    options = _arguments()
    questions = [json.loads(line)["question"] for line in options.problems.read_text().splitlines()[:64]]
    import torch

    from trace_of_thought.models.batched import BatchedChatHuggingFace

    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, {NEW_TOKENS} new tokens, float32, greedy")
    rates: dict[str, float] = {}
    if options.peers_python:
        for peer in options.peers:
            measure(rates, peer, lambda peer=peer: _peer(options, peer))  # type: ignore[misc]
    else:
        print("lm_eval, inspect_ai: skipped; give --peers-python the python of an environment that has them")
    student = BatchedChatHuggingFace.from_model_id(options.model, device="cpu", max_tokens=NEW_TOKENS)
    student.invoke("Hello", max_tokens=8)
    for callers, count in ((1, 2), (8, 8), (32, 32), (64, 64)):
        measure(rates, f"ours, {callers} callers", lambda c=callers, n=count: asyncio.run(ours(student, questions[:n], c)))  # type: ignore[misc]
    measure(rates, "ours, 32 at random times", lambda: asyncio.run(ours(student, questions[:32], 32, ARRIVAL_SECONDS)))
    student.close()
    plain = BatchedChatHuggingFace.from_model_id(options.model, device="cpu", pack_weights=False)
    model, tokenizer = plain.llm.pipeline.model, plain.tokenizer
    model.set_attn_implementation("sdpa")
    for batch, count in ((1, 2), (64, 64)):
        measure(rates, f"generate, batch {batch}", lambda b=batch, n=count: generate(model, tokenizer, questions[:n], b))  # type: ignore[misc]
    measure(rates, "ChatHuggingFace.batch", lambda: chat_hugging_face(model, tokenizer, questions[:2]))
    report(rates)


def measure(rates: dict[str, float], name: str, run: Callable[[], int | None]) -> None:
    before, start = _cpu_seconds(), time.perf_counter()
    tokens = run()
    seconds = time.perf_counter() - start
    if tokens is None:
        return
    if tokens < 0:  # a peer that measured itself: tokens per second in thousandths
        rates[name] = -tokens / 1000
        print(f"{name:26} {rates[name]:7.1f} tokens/s  {seconds:.1f} s with loading", flush=True)
        return
    rates[name] = tokens / seconds
    others = (_cpu_seconds() - before) / seconds
    print(f"{name:26} {rates[name]:7.1f} tokens/s  {tokens} tokens  {seconds:.1f} s  others {others:.2f} cores", flush=True)


async def ours(student: Any, questions: list[str], callers: int, arrival: float = 0.0) -> int:
    gate, clock = asyncio.Semaphore(callers), random.Random(0)

    async def ask(question: str, delay: float) -> int:
        await asyncio.sleep(delay)
        async with gate:
            reply = await student.ainvoke(question)
        return reply.usage_metadata["output_tokens"]

    return sum(await asyncio.gather(*(ask(question, clock.uniform(0, arrival)) for question in questions)))


def generate(model: Any, tokenizer: Any, questions: list[str], batch: int) -> int:
    tokenizer.padding_side = "left"
    prompts = sorted((_prompt(tokenizer, question) for question in questions), key=len)
    tokens = 0
    for first in range(0, len(prompts), batch):
        encoded = tokenizer(prompts[first : first + batch], return_tensors="pt", padding=True, add_special_tokens=False)
        output = model.generate(**encoded, max_new_tokens=NEW_TOKENS, do_sample=False)
        tokens += sum(_until_end(row.tolist(), tokenizer) for row in output[:, encoded["input_ids"].shape[1] :])
    return tokens


def chat_hugging_face(model: Any, tokenizer: Any, questions: list[str]) -> int:
    from langchain_huggingface import ChatHuggingFace, HuggingFacePipeline
    from transformers import pipeline

    options: dict[str, Any] = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "return_full_text": False}
    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer, **options)
    chat = ChatHuggingFace(llm=HuggingFacePipeline(pipeline=pipe), tokenizer=tokenizer)
    texts = [reply.content for reply in chat.batch(list[Any](questions))]
    counts = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    return sum(min(count + 1, NEW_TOKENS) for count in counts)


def report(rates: dict[str, float]) -> None:
    ours_64 = rates["ours, 64 callers"]
    wanted = [
        ("64 callers / lm_eval", ours_64, rates.get("lm_eval"), 1.3),
        ("64 callers / inspect_ai", ours_64, rates.get("inspect_ai"), 1.3),
        ("64 callers / generate, batch 64", ours_64, rates["generate, batch 64"], 1.1),
        ("64 callers / ChatHuggingFace", ours_64, rates["ChatHuggingFace.batch"], 6.0),
        ("1 caller / generate, batch 1", rates["ours, 1 callers"], rates["generate, batch 1"], 0.95),
        ("32 at random times / 32 at once", rates["ours, 32 at random times"], rates["ours, 32 callers"], 0.9),
    ]
    for name, mine, theirs, goal in wanted:
        ratio = f"{mine / theirs:.2f}" if theirs else "not measured"
        print(f"{name:34} {ratio:>12}  (goal {goal})")


def _peer(options: argparse.Namespace, peer: str) -> int | None:
    script = Path(__file__).with_name("student_peers.py")
    command = [options.peers_python, str(script), peer, _folder(options.model), str(options.problems)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RATE ")]
    if not lines:
        print(f"{peer}: skipped; it did not run: {done.stderr.strip().splitlines()[-1:] or done.stdout[-200:]}")
        return None
    return -int(float(lines[-1].split()[1]) * 1000)


def _folder(model: str) -> str:
    if not model.endswith(".gguf"):
        return model
    import torch

    from trace_of_thought.models.gguf_folder import converted

    return str(converted(Path(model), torch.float32))


def _prompt(tokenizer: Any, question: str) -> str:
    return tokenizer.apply_chat_template([{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False)


def _until_end(row: list[int], tokenizer: Any) -> int:
    return row.index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in row else len(row)


def _cpu_seconds() -> float:
    """CPU seconds that other processes have used, where /proc tells."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    fields = [int(value) for value in stat.read_text().split("\n")[0].split()[1:]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="SmolLM2-135M-Instruct: hub id, folder or .gguf file")
    parser.add_argument("--problems", required=True, type=Path, help="GSM8K test set, JSON lines with 'question'")
    parser.add_argument("--peers", nargs="*", default=["lm_eval", "inspect_ai"], help="which of them to measure")
    parser.add_argument("--peers-python", help="python of an environment with lm-eval and inspect-ai")
    return parser.parse_args()


if __name__ == "__main__":
    main()
