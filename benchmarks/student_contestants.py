"""Started by student.py as `student_contestants.py KIND MODEL NEW_TOKENS OPTIONS`: questions in, tokens and texts out.

One function for each library. It loads the model and returns what answers questions that are asked at once.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Answer = Callable[[list[str]], tuple[list[int], list[str]]]
"""Takes questions; returns how many tokens each reply has, its end token counted, and its text."""


def ours(
    model: str, new_tokens: int, load: dict[str, Any], call: dict[str, Any], alone: bool = False, perplexity: str = ""
) -> Answer:
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    student = BatchedChatHuggingFace.from_model_id(model, device="cpu", max_tokens=new_tokens, **load)
    if perplexity:
        print("TOLD", json.dumps({"perplexity": _perplexity(student, json.loads(perplexity))}), flush=True)

    async def ask(questions: list[str]) -> list[Any]:
        if alone:
            return [await student.ainvoke(question, **call) for question in questions]
        return await asyncio.gather(*(student.ainvoke(question, **call) for question in questions))

    def answer(questions: list[str]) -> tuple[list[int], list[str]]:
        replies = asyncio.run(ask(questions))
        return [reply.usage_metadata["output_tokens"] for reply in replies], [reply.text for reply in replies]

    return answer


def _perplexity(student: Any, problems: list[dict[str, Any]]) -> float:
    """Return that of solutions after their questions, each alone."""
    loss, count = 0.0, 0
    for problem in problems:
        solution = student.tokenizer(problem["answer"], add_special_tokens=False)["input_ids"]
        likelihoods = student._service.engine.score(_ids(student.tokenizer, problem["question"]), solution, 0)
        loss -= sum(likelihood.logprob for likelihood in likelihoods)
        count += len(solution)
    return math.exp(loss / count)


def genai(model: str, new_tokens: int, properties: dict[str, Any]) -> Answer:
    import numpy
    import openvino
    import openvino_genai
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.max_num_seqs, scheduler.cache_size, scheduler.enable_prefix_caching = 64, 4, True
    pipeline = openvino_genai.ContinuousBatchingPipeline(model, scheduler, "CPU", properties)
    config = openvino_genai.GenerationConfig(max_new_tokens=new_tokens, do_sample=False)
    config.stop_token_ids = {tokenizer.eos_token_id}

    def answer(questions: list[str]) -> tuple[list[int], list[str]]:
        prompts = [openvino.Tensor(numpy.array([_ids(tokenizer, question)])) for question in questions]
        results = pipeline.generate(prompts, [config] * len(prompts))
        return _told(tokenizer, [result.m_generation_ids[0] for result in results])

    return answer


def generate(model: str, new_tokens: int, batch: int) -> Answer:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model, padding_side="left")
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)

    def answer(questions: list[str]) -> tuple[list[int], list[str]]:
        prompts = [_prompt(tokenizer, question) for question in questions]
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        rows: dict[int, list[int]] = {}
        for first in range(0, len(prompts), batch):
            some = order[first : first + batch]
            texts = [prompts[index] for index in some]
            encoded = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
            output = loaded.generate(**encoded, max_new_tokens=new_tokens, do_sample=False)
            new = output[:, encoded["input_ids"].shape[1] :].tolist()
            rows |= {index: _until_end(row, tokenizer.eos_token_id) for index, row in zip(some, new, strict=True)}
        return _told(tokenizer, [rows[index] for index in range(len(prompts))])

    return answer


def llama_cpp(model: str, new_tokens: int) -> Answer:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.n_parallel, params.n_ctx, params.n_batch = model, 64, 64 * 640, 2048
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 2
    params.verbosity = -1
    server = xllamacpp.Server(params)

    def ask(question: str) -> Any:
        messages = [{"role": "user", "content": question}]
        reply = server.handle_chat_completions({"messages": messages, "max_tokens": new_tokens, "temperature": 0})
        return reply if isinstance(reply, dict) else json.loads(reply)

    def answer(questions: list[str]) -> tuple[list[int], list[str]]:
        with ThreadPoolExecutor(len(questions)) as pool:
            replies = list(pool.map(ask, questions))
        texts = [reply["choices"][0]["message"]["content"] for reply in replies]
        return [reply["usage"]["completion_tokens"] for reply in replies], texts

    return answer


def vllm(model: str, new_tokens: int, dtype: str) -> Answer:
    from vllm import LLM, SamplingParams

    engine = LLM(model, dtype=dtype, max_model_len=1024, max_num_seqs=64)
    sampling = SamplingParams(max_tokens=new_tokens, temperature=0)

    def answer(questions: list[str]) -> tuple[list[int], list[str]]:
        results = engine.chat([[{"role": "user", "content": question}] for question in questions], sampling, use_tqdm=False)
        return [len(one.outputs[0].token_ids) for one in results], [one.outputs[0].text for one in results]

    return answer


def lm_eval(model: str, new_tokens: int) -> Answer:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    loaded = HFLM(pretrained=model, device="cpu", dtype="float32", batch_size=32)
    arguments = {"until": [loaded.tokenizer.eos_token], "max_gen_toks": new_tokens, "do_sample": False}

    def answer(questions: list[str]) -> tuple[list[int], list[str]]:
        prompts = [loaded.apply_chat_template([{"role": "user", "content": question}]) for question in questions]
        requests = [Instance("generate_until", {}, (prompt, arguments), index) for index, prompt in enumerate(prompts)]
        return _counted(loaded.tokenizer, loaded.generate_until(requests), new_tokens)

    return answer


def inspect_ai(model: str, new_tokens: int) -> Answer:
    from inspect_ai.model import GenerateConfig, get_model
    from transformers import AutoTokenizer

    config = GenerateConfig(max_tokens=new_tokens, max_connections=32)
    loaded = get_model("hf/local", config=config, model_path=model, device="cpu", do_sample=False, batch_size=32)
    loop, tokenizer = asyncio.new_event_loop(), AutoTokenizer.from_pretrained(model)

    async def ask(questions: list[str]) -> list[str]:
        gate = asyncio.Semaphore(32)

        async def one(question: str) -> str:
            async with gate:
                return (await loaded.generate(question)).completion

        return await asyncio.gather(*map(one, questions))

    return lambda questions: _counted(tokenizer, loop.run_until_complete(ask(questions)), new_tokens)


def _prompt(tokenizer: Any, question: str) -> str:
    return tokenizer.apply_chat_template([{"role": "user", "content": question}], add_generation_prompt=True, tokenize=False)


def _ids(tokenizer: Any, question: str) -> list[int]:
    return tokenizer(_prompt(tokenizer, question), add_special_tokens=False)["input_ids"]


def _told(tokenizer: Any, rows: list[list[int]]) -> tuple[list[int], list[str]]:
    return [len(row) for row in rows], [tokenizer.decode(row, skip_special_tokens=True) for row in rows]


def _counted(tokenizer: Any, texts: list[str], new_tokens: int) -> tuple[list[int], list[str]]:
    """Count the tokens of a library that tells texts only."""
    counts = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    return [min(count + 1, new_tokens) for count in counts], texts


def _until_end(row: list[int], end: int) -> list[int]:
    return row[: row.index(end) + 1] if end in row else row


def main() -> None:
    kind, model, new_tokens, options = sys.argv[1:]
    answer = globals()[kind](model, int(new_tokens), **json.loads(options))
    answer(["Hello"])
    print("TOLD", json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        tokens, texts = answer(json.loads(line))
        told = {"tokens": tokens, "seconds": time.perf_counter() - start, "texts": texts}
        print("TOLD", json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
