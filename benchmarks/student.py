"""Tokens per second of the local student and of others, side by side in one run.

    python benchmarks/student.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl [--peers-python PYTHON] [--json FILE]
    python benchmarks/student.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl --agreement 64 [--json FILE]

Every contestant answers GSM8K questions, greedy, with 256 new tokens at most, in float32. Few callers get few questions,
since what is compared is tokens per second. Tokens are counted up to and with each reply's end token. The clock of our
rows runs from the first call to the last reply; with random arrivals the first call is the first arrival, and the time in
which the others arrive counts. What is closest is measured in turns: ours, the other, ours, the other.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from student_rows import Leg, Rows

ARRIVAL_SECONDS = 3.0

GOALS = {
    "1 caller / generate, batch 1": ("ours, 1 caller", "generate, batch 1", 0.95),
    "32 at random times / 32 at once": ("ours, 32 at random times", "ours, 32 at once", 0.9),
    "64 callers / generate, batch 64": ("ours, 64 callers", "generate, batch 64", 1.1),
    "64 callers / ChatHuggingFace": ("ours, 64 callers", "ChatHuggingFace.batch", 6.0),
    "64 callers / lm_eval": ("ours, 64 callers", "lm_eval", 1.3),
    "64 callers / inspect_ai": ("ours, 64 callers", "inspect_ai", 1.3),
}


def main() -> None:
    options = _arguments()
    questions = [json.loads(line)["question"] for line in options.problems.read_text().splitlines()]
    import torch

    settings: dict[str, Any] = {
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "new_tokens": options.new_tokens,
    }
    settings["questions"] = min(options.questions, len(questions))
    print(*(f"{name} {value}" for name, value in settings.items()), "float32, greedy", sep=", ", flush=True)
    if options.agreement:
        from student_agreement import agreement

        asked = questions[: max(options.agreement, options.questions)]
        agreement(options.model, asked, options.agreement, options.new_tokens, settings, options.json)
        return
    rows = Rows(GOALS, settings, options.json)
    in_this_process(rows, options, questions[: options.questions])
    for peer in options.peers if options.peers_python else ():
        rows.measure({peer: [partial(run_peer, options, peer)]})
    if not options.peers_python:
        print("lm_eval, inspect_ai: skipped; give --peers-python the python of an environment that has them")
    rows.report()


def in_this_process(rows: Rows, options: argparse.Namespace, questions: list[str]) -> None:
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace
    from trace_of_thought.models.weights.transformers_model import load

    student = BatchedChatHuggingFace.from_model_id(options.model, device="cpu", max_tokens=options.new_tokens)
    model, tokenizer = load(options.model, device="cpu")

    def mine(first: int, count: int, arrival: float = 0.0) -> Callable[[], Leg]:
        return lambda: asyncio.run(ours(student, questions[first : first + count], arrival))

    def plain(first: int, count: int, new_tokens: int = options.new_tokens) -> Callable[[], Leg]:
        return lambda: generate(model, tokenizer, questions[first : first + count], count, new_tokens)

    student.invoke("Hello", max_tokens=8)
    plain(0, 1, 8)()
    rows.measure({"ours, 1 caller": [mine(0, 1), mine(1, 1)], "generate, batch 1": [plain(0, 1), plain(1, 1)]})
    rows.measure({"ours, 8 callers": [mine(0, 8)]})
    rows.measure({"ours, 64 callers": [mine(0, 64)], "generate, batch 64": [plain(0, 64)]})
    rows.measure(
        {"ours, 32 at once": [mine(0, 32)] * 2, "ours, 32 at random times": [mine(0, 32, ARRIVAL_SECONDS)] * 2},
    )
    rows.measure({"ChatHuggingFace.batch": [partial(chat_hugging_face, model, tokenizer, questions[:2], options.new_tokens)]})
    student.close()


async def ours(student: Any, questions: list[str], arrival: float) -> Leg:
    """Let a caller come for each question, all at once or at random times within some seconds."""
    clock, begun = random.Random(0), []

    async def ask(question: str, delay: float) -> int:
        await asyncio.sleep(delay)
        begun.append(time.perf_counter())
        reply = await student.ainvoke(question)
        return reply.usage_metadata["output_tokens"]

    tokens = sum(await asyncio.gather(*(ask(question, clock.uniform(0, arrival)) for question in questions)))
    return Leg(tokens, time.perf_counter() - min(begun))


def generate(model: Any, tokenizer: Any, questions: list[str], batch: int, new_tokens: int) -> Leg:
    tokenizer.padding_side = "left"
    start, tokens = time.perf_counter(), 0
    prompts = sorted((_prompt(tokenizer, question) for question in questions), key=len)
    for first in range(0, len(prompts), batch):
        encoded = tokenizer(prompts[first : first + batch], return_tensors="pt", padding=True, add_special_tokens=False)
        output = model.generate(**encoded, max_new_tokens=new_tokens, do_sample=False)
        tokens += sum(_until_end(row.tolist(), tokenizer) for row in output[:, encoded["input_ids"].shape[1] :])
    return Leg(tokens, time.perf_counter() - start)


def chat_hugging_face(model: Any, tokenizer: Any, questions: list[str], new_tokens: int) -> Leg:
    from langchain_huggingface import ChatHuggingFace, HuggingFacePipeline
    from transformers import pipeline

    options: dict[str, Any] = {"max_new_tokens": new_tokens, "do_sample": False, "return_full_text": False}
    pipe = pipeline("text-generation", model=model, tokenizer=tokenizer, **options)
    chat = ChatHuggingFace(llm=HuggingFacePipeline(pipeline=pipe), tokenizer=tokenizer)
    start = time.perf_counter()
    texts = [reply.content for reply in chat.batch(list[Any](questions))]
    seconds = time.perf_counter() - start
    counts = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    return Leg(sum(min(count + 1, new_tokens) for count in counts), seconds)


def run_peer(options: argparse.Namespace, peer: str) -> Leg | None:
    script = Path(__file__).with_name("student_peers.py")
    sizes = [str(options.questions), str(options.new_tokens)]
    command = [options.peers_python, str(script), peer, _folder(options.model), str(options.problems), *sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("LEG ")]
    if not lines:
        print(f"{peer}: skipped; it did not run: {done.stderr.strip().splitlines()[-1:] or done.stdout[-200:]}")
        return None
    tokens, seconds = lines[-1].split()[1:]
    return Leg(int(tokens), float(seconds))


def _folder(model: str) -> str:
    if not model.endswith(".gguf"):
        return model
    import torch

    from trace_of_thought.models.weights.gguf_folder import converted

    return str(converted(Path(model), torch.float32))


def _prompt(tokenizer: Any, question: str) -> str:
    return tokenizer.apply_chat_template([{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False)


def _until_end(row: list[int], tokenizer: Any) -> int:
    return row.index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in row else len(row)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="SmolLM2-135M-Instruct: hub id, folder or .gguf file")
    parser.add_argument("--problems", required=True, type=Path, help="GSM8K test set, JSON lines with 'question'")
    parser.add_argument("--peers", nargs="*", default=["lm_eval", "inspect_ai"], help="which of them to measure")
    parser.add_argument("--peers-python", help="python of an environment with lm-eval and inspect-ai")
    parser.add_argument("--json", type=Path, help="file to write after each row")
    parser.add_argument("--agreement", type=int, default=0, metavar="N", help="compare N texts alone and in a batch instead")
    parser.add_argument("--questions", type=int, default=64, help="of the largest batches; fewer only to try the command")
    parser.add_argument("--new-tokens", type=int, default=256, help="of a reply at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
