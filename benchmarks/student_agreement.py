"""How often a greedy text is the same alone and in a batch: `python benchmarks/student.py --agreement N`.

The first `N` questions are answered in a batch of 64 (further questions fill it up), and then each alone, by the same student.
Texts are compared, and the answers that verification finds in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from student_rows import write_json

from trace_of_thought.models.chat.batched import BatchedChatHuggingFace
from trace_of_thought.verification import answers_equal, extract_answer


def agreement(
    model: str, questions: list[str], number: int, new_tokens: int, settings: dict[str, Any], file: Path | None
) -> None:
    student = BatchedChatHuggingFace.from_model_id(model, device="cpu", max_tokens=new_tokens)
    batched = student.batch(questions)[:number]
    compared: list[dict[str, Any]] = []
    for index, (question, reply) in enumerate(zip(questions[:number], batched, strict=True)):
        texts = student.invoke(question).text, reply.text
        same = {"text": texts[0] == texts[1], "answer": _same(*map(_answer, texts))}
        compared.append({"question": index, "batch_size": reply.response_metadata["batch_size"], **same})
        if file is not None:
            write_json(file, {"settings": settings, "texts": compared})
    student.close()
    for name in ("text", "answer"):
        alike = sum(one[name] for one in compared)
        print(f"the same {name} alone and in a batch: {alike} of {number} ({alike / number:.1%})")


def _answer(text: str) -> str | None:
    found = extract_answer(text)
    return found.answer if found else None


def _same(one: str | None, other: str | None) -> bool:
    return one is other if one is None or other is None else bool(answers_equal(one, other))
