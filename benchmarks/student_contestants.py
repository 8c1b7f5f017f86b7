"""Started by student_engines.py as `student_contestants.py KIND MODEL NEW_TOKENS OPTIONS`: questions in, results out."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Answer = Callable[[list[str]], tuple[int, list[str]]]
"""Takes questions that come at once; returns how many tokens were written, and the texts."""


def ours(model: str, new_tokens: int, options: dict[str, Any]) -> Answer:
    from trace_of_thought.models.chat.batched import BatchedChatHuggingFace

    student = BatchedChatHuggingFace.from_model_id(model, device="cpu", max_tokens=new_tokens, **options)

    async def ask(questions: list[str]) -> list[Any]:
        return await asyncio.gather(*map(student.ainvoke, questions))

    def answer(questions: list[str]) -> tuple[int, list[str]]:
        replies = asyncio.run(ask(questions))
        return sum(reply.usage_metadata["output_tokens"] for reply in replies), [reply.text for reply in replies]

    return answer


def genai(model: str, new_tokens: int, options: dict[str, Any]) -> Answer:
    import numpy
    import openvino
    import openvino_genai
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.max_num_seqs, scheduler.cache_size, scheduler.enable_prefix_caching = 64, 4, True
    pipeline = openvino_genai.ContinuousBatchingPipeline(model, scheduler, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    config = openvino_genai.GenerationConfig(max_new_tokens=new_tokens, do_sample=False)
    config.stop_token_ids = {tokenizer.eos_token_id}

    def answer(questions: list[str]) -> tuple[int, list[str]]:
        prompts = [openvino.Tensor(numpy.array([_ids(tokenizer, question)])) for question in questions]
        results = pipeline.generate(prompts, [config] * len(prompts))
        rows = [result.m_generation_ids[0] for result in results]
        return sum(map(len, rows)), [tokenizer.decode(row, skip_special_tokens=True) for row in rows]

    return answer


def generate(model: str, new_tokens: int, options: dict[str, Any]) -> Answer:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)

    def answer(questions: list[str]) -> tuple[int, list[str]]:
        rows = []
        for question in questions:
            ids = torch.tensor([_ids(tokenizer, question)])
            rows.append(loaded.generate(ids, max_new_tokens=new_tokens, do_sample=False)[0, ids.shape[1] :].tolist())
        return sum(map(len, rows)), [tokenizer.decode(row, skip_special_tokens=True) for row in rows]

    return answer


def llama_cpp(model: str, new_tokens: int, options: dict[str, Any]) -> Answer:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.n_parallel, params.n_ctx, params.n_batch = model, 64, 64 * 640, 2048
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 2
    params.verbosity = -1
    server = xllamacpp.Server(params)

    def ask(question: str) -> Any:
        request = {"messages": [{"role": "user", "content": question}], "max_tokens": new_tokens, "temperature": 0}
        reply = server.handle_chat_completions(request)
        return reply if isinstance(reply, dict) else json.loads(reply)

    def answer(questions: list[str]) -> tuple[int, list[str]]:
        with ThreadPoolExecutor(len(questions)) as pool:
            replies = list(pool.map(ask, questions))
        texts = [reply["choices"][0]["message"]["content"] for reply in replies]
        return sum(reply["usage"]["completion_tokens"] for reply in replies), texts

    return answer


def vllm(model: str, new_tokens: int, options: dict[str, Any]) -> Answer:
    from vllm import LLM, SamplingParams

    engine = LLM(model, dtype="float32", max_model_len=1024, max_num_seqs=64)
    sampling = SamplingParams(max_tokens=new_tokens, temperature=0)

    def answer(questions: list[str]) -> tuple[int, list[str]]:
        results = engine.chat([[{"role": "user", "content": question}] for question in questions], sampling, use_tqdm=False)
        return sum(len(one.outputs[0].token_ids) for one in results), [one.outputs[0].text for one in results]

    return answer


def _ids(tokenizer: Any, question: str) -> list[int]:
    messages = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def main() -> None:
    kind, model, new_tokens, options = sys.argv[1:]
    kinds = {"ours": ours, "genai": genai, "generate": generate, "llama_cpp": llama_cpp, "vllm": vllm}
    answer = kinds[kind](model, int(new_tokens), json.loads(options))
    answer(["Hello"])
    print("TOLD {}", flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        tokens, texts = answer(json.loads(line))
        told = {"tokens": tokens, "seconds": time.perf_counter() - start, "texts": texts}
        print("TOLD", json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
