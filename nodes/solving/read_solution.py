"""Read a solution from the replies of a sample: the final claim of a text, or the value of a program."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..asking.messages import Reply
from ..state import Program, Solution

if TYPE_CHECKING:
    from ...verification import Verifier  # its tables of patterns take a while, and the registry imports this file


def read_text(replies: list[Reply], question: str, verifier: Verifier) -> Solution:
    """Return the solution in a text. The verifier's extractor finds the answer in the last reply, without the reference."""
    found = verifier.extract(replies[-1].text, question=question)
    answer = found.answer if found else None
    return _solution(replies, "\n\n".join(reply.text for reply in replies), answer, answer_probability(replies[-1], answer))


def read_program(replies: list[Reply], question: str, verifier: Verifier) -> Solution:
    """Run the program in the last reply and return a solution whose answer is the program's value."""
    from ...programs import run_program

    run = run_program(replies[-1].text)
    probability = None if run.answer is None else text_probability(replies[-1])
    # the text stays the student's own: value and error have fields of their own
    solution = _solution(replies, replies[-1].text, run.answer, probability)
    solution["program"] = Program(source=run.source, value=run.value, error=run.error)
    return solution


def answer_probability(reply: Reply, answer: str | None) -> float | None:
    """Return the geometric mean of the probabilities (0 to 1) of the tokens that spell the answer.

    The last occurrence of the answer counts. Returns None without log-probabilities or an answer. An answer that does not stand
    literally in the reply (it was normalised) is as probable as the whole reply.
    """
    if not answer or not reply.logprobs:
        return None
    text = "".join(token for token, _ in reply.logprobs)
    start = text.rfind(answer)
    if start < 0:
        return text_probability(reply)
    end, place, found = start + len(answer), 0, []
    for token, logprob in reply.logprobs:
        # a token that overlaps the answer counts as a whole: the first one often begins with the blank before the number
        if place < end and place + len(token) > start:
            found.append(logprob)
        place += len(token)
    return _mean(found)


def text_probability(reply: Reply) -> float | None:
    """Return the geometric mean of the probabilities of all tokens of a reply: what a program's value depends on."""
    return _mean([logprob for _, logprob in reply.logprobs])


def _mean(logprobs: list[float]) -> float | None:
    return math.exp(sum(logprobs) / len(logprobs)) if logprobs else None


def _solution(replies: list[Reply], text: str, answer: str | None, probability: float | None) -> Solution:
    """Return a solution with the last reply's finish reason, and with the single replies if there are several."""
    solution = Solution(
        text=text,
        answer=answer,
        finish_reason=replies[-1].finish_reason,
        step_texts=[reply.text for reply in replies] if len(replies) > 1 else [],
    )
    if probability is not None:
        solution["probability"] = probability
    return solution
