"""Run by student.py in the peers' own environment: lm-evaluation-harness or inspect_ai on the same questions.

Prints `LEG <tokens> <seconds>`, generation only, without loading, after a short call to warm up.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def lm_eval(folder: str, questions: list[str], new_tokens: int) -> tuple[list[str], float]:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=folder, device="cpu", dtype="float32", batch_size=32)
    prompts = [model.apply_chat_template([{"role": "user", "content": question}]) for question in questions]
    arguments = {"until": ["<|im_end|>"], "max_gen_toks": new_tokens, "do_sample": False}
    requests = [Instance("generate_until", {}, (prompt, arguments), index) for index, prompt in enumerate(prompts)]
    model.generate_until([Instance("generate_until", {}, ("Hello", {**arguments, "max_gen_toks": 4}), 0)])
    start = time.perf_counter()
    texts = model.generate_until(requests)
    return texts, time.perf_counter() - start


def inspect_ai(folder: str, questions: list[str], new_tokens: int) -> tuple[list[str], float]:
    import asyncio

    from inspect_ai.model import GenerateConfig, get_model

    config = GenerateConfig(max_tokens=new_tokens, max_connections=32)
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

    return asyncio.run(run())


def count(folder: str, texts: list[str], new_tokens: int) -> int:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    counts = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    return sum(min(tokens + 1, new_tokens) for tokens in counts)


if __name__ == "__main__":
    peer, folder, problems, number, new_tokens = sys.argv[1:]
    questions = [json.loads(line)["question"] for line in Path(problems).read_text().splitlines()[: int(number)]]
    texts, seconds = {"lm_eval": lm_eval, "inspect_ai": inspect_ai}[peer](folder, questions, int(new_tokens))
    print("LEG", count(folder, texts, int(new_tokens)), seconds)
