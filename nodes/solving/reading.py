"""From a sample's replies to a solution: the claim in a text, or the value of a program."""

from __future__ import annotations

import math

from ..asking.messages import Reply
from ..state import Program, Solution


def read_text(replies: list[Reply], question: str) -> Solution:
    """Find the answer in what the student wrote last, without the reference."""
    from ...verification import extract_answer  # its tables of patterns take a while, and the registry imports this file

    found = extract_answer(replies[-1].text, question=question)
    return _solution(replies, "\n\n".join(reply.text for reply in replies), found.answer if found else None)


def read_program(replies: list[Reply], question: str) -> Solution:
    """Run the student's program; its value is the answer."""
    from ...programs import run_program

    run = run_program(replies[-1].text)
    ends = f"Answer: {run.answer}" if run.answer is not None else f"The program failed: {run.error}"
    solution = _solution(replies, f"{replies[-1].text.rstrip()}\n\n{ends}", run.answer)
    solution["program"] = Program(source=run.source, value=run.value, error=run.error)
    return solution


def answer_probability(reply: Reply, answer: str | None) -> float | None:
    """Return the geometric mean of the probabilities of the tokens that spell the answer, where it stands last.

    None where the model gave no log-probabilities or the answer does not stand in the reply.
    """
    if not answer or not reply.logprobs:
        return None
    text = "".join(token for token, _ in reply.logprobs)
    start = text.rfind(answer)
    if start < 0:
        return None
    end, place, found = start + len(answer), 0, []
    for token, logprob in reply.logprobs:
        if place < end and place + len(token) > start:
            found.append(logprob)
        place += len(token)
    return math.exp(sum(found) / len(found)) if found else None


def _solution(replies: list[Reply], text: str, answer: str | None) -> Solution:
    solution = Solution(
        text=text,
        answer=answer,
        finish_reason=replies[-1].finish_reason,
        step_texts=[reply.text for reply in replies] if len(replies) > 1 else [],
    )
    if (probability := answer_probability(replies[-1], answer)) is not None:
        solution["probability"] = probability
    return solution
