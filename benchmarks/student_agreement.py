"""How often a greedy text is the same alone and in a batch: `python benchmarks/student.py --agreement N`.

The first `N` questions are answered in a batch of 64 rows (further questions fill it up), and then each alone, by the
same engine with the same weights. Token ids are compared, and the answers that verification finds in the texts.
"""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path
from typing import Any

from student_rows import write_json

from trace_of_thought.models.chat.chat_prompts import render, tokenize
from trace_of_thought.models.engine.choose_engine import build_engine
from trace_of_thought.models.engine.requests import Completion, Generation, SamplingOptions
from trace_of_thought.models.engine.service import Service
from trace_of_thought.models.weights.transformers_model import load
from trace_of_thought.verification import answers_equal, extract_answer


def agreement(
    model_id: str, questions: list[str], number: int, new_tokens: int, settings: dict[str, Any], file: Path | None
) -> None:
    model, tokenizer = load(model_id, device="cpu")
    service = Service(build_engine(model, "auto", 64, None), max_pending_calls=len(questions))
    ends = frozenset({tokenizer.eos_token_id})

    def generation(question: str) -> Generation:
        prompt = tokenize(tokenizer, render(tokenizer, [_human(question)]))
        return Generation(prompt=prompt, options=SamplingOptions(max_tokens=new_tokens), end_tokens=ends)

    async def together() -> list[Completion]:
        return await asyncio.gather(*(service.acomplete(generation(question), None) for question in questions))

    batched = asyncio.run(together())[:number]
    compared: list[dict[str, Any]] = []
    for index, (question, reply) in enumerate(zip(questions[:number], batched, strict=True)):
        lone = service.complete(generation(question), None)
        texts = [str(tokenizer.decode(tokens, skip_special_tokens=True)) for tokens in (lone.tokens, reply.tokens)]
        compared.append({"question": index, "batch_size": reply.batch_size, **_compare(lone, reply, texts)})
        if file is not None:
            write_json(file, {"settings": settings, "agreement": summary(compared), "texts": compared})
    service.engine.close()
    print(describe(summary(compared)))


def summary(compared: list[dict[str, Any]]) -> dict[str, Any]:
    positions = sorted(one["first_difference"] for one in compared if one["first_difference"] is not None)
    return {
        "texts": len(compared),
        "identical_texts": sum(one["first_difference"] is None for one in compared),
        "identical_answers": sum(one["same_answer"] for one in compared),
        "texts_without_answer_in_both": sum(one["answers"] == [None, None] for one in compared),
        "compared_tokens": sum(one["tokens_until_difference"] for one in compared),
        "first_differing_token_positions": positions,
        "median_first_differing_token_position": statistics.median(positions) if positions else None,
    }


def describe(found: dict[str, Any]) -> str:
    texts, same, answers = found["texts"], found["identical_texts"], found["identical_answers"]
    return (
        f"identical texts   {same} of {texts} ({same / texts:.1%})\n"
        f"identical answers {answers} of {texts} ({answers / texts:.1%}), "
        f"{found['texts_without_answer_in_both']} of them without an answer in both texts\n"
        f"first differing token (from 0): {found['first_differing_token_positions']}, "
        f"median {found['median_first_differing_token_position']}; "
        f"{texts - same} differences in {found['compared_tokens']} tokens"
    )


def _compare(lone: Completion, batched: Completion, texts: list[str]) -> dict[str, Any]:
    """Compare token ids and the end; tokens after the first difference follow from it and are not counted."""
    alike = 0
    for one, other in zip(lone.tokens, batched.tokens, strict=False):
        if one != other:
            break
        alike += 1
    same = lone.tokens == batched.tokens and lone.finish_reason == batched.finish_reason
    answers = [found.answer if (found := extract_answer(text)) else None for text in texts]
    return {
        "first_difference": None if same else alike,
        "tokens_until_difference": lone.generated if same else alike + 1,
        "lone_tokens": lone.generated,
        "answers": answers,
        "same_answer": _same(*answers),
    }


def _same(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is other
    return answers_equal(one, other)


def _human(question: str) -> Any:
    from langchain_core.messages import HumanMessage

    return HumanMessage(question)
