"""Run by student.py in the peers' own environment: lm-evaluation-harness or inspect_ai on the same questions.

Prints `RATE <tokens per second>`, generation only, without loading.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

NEW_TOKENS = 256


def lm_eval(folder: str, questions: list[str]) -> float:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=folder, device="cpu", dtype="float32", batch_size=32)
    prompts = [model.apply_chat_template([{"role": "user", "content": question}]) for question in questions]
    arguments = {"until": ["<|im_end|>"], "max_gen_toks": NEW_TOKENS, "do_sample": False}
    requests = [Instance("generate_until", {}, (prompt, arguments), index) for index, prompt in enumerate(prompts)]
    start = time.perf_counter()
    texts = model.generate_until(requests)
    seconds = time.perf_counter() - start
    return _count(folder, texts) / seconds


def inspect_ai(folder: str, questions: list[str]) -> float:
    import asyncio

    from inspect_ai.model import GenerateConfig, get_model

    config = GenerateConfig(max_tokens=NEW_TOKENS, max_connections=32)
    model = get_model("hf/local", config=config, model_path=folder, device="cpu", do_sample=False, batch_size=32)

    async def run() -> tuple[list[str], float]:
        await model.generate("Hello", config=GenerateConfig(max_tokens=4))
        gate = asyncio.Semaphore(32)

        async def ask(question: str) -> str:
            async with gate:
                return (await model.generate(question)).completion

        start = time.perf_counter()
        texts = await asyncio.gather(*(ask(question) for question in questions))
        return texts, time.perf_counter() - start

    texts, seconds = asyncio.run(run())
    return _count(folder, texts) / seconds


def _count(folder: str, texts: list[str]) -> int:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    counts = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    return sum(min(count + 1, NEW_TOKENS) for count in counts)


if __name__ == "__main__":
    peer, folder, problems = sys.argv[1:]
    questions = [json.loads(line)["question"] for line in Path(problems).read_text().splitlines()[:64]]
    print("RATE", {"lm_eval": lm_eval, "inspect_ai": inspect_ai}[peer](folder, questions))
