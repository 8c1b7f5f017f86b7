"""Few-shot examples of a prompt set: problems with steps, a solution and a program. Start at `choose_examples`."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

FILE = "examples.jsonl"
"""Name of the file in a prompt set's folder."""

Choice = Literal["first", "random", "similar"]
CHOICES: tuple[Choice, ...] = get_args(Choice)
"""How examples are chosen: in order, at random by seed (the same for every problem), or the most similar to the question."""

NEAR_COPY = 90.0
"""Similarity (0 to 100) from which a question counts as a near copy of an example."""


@dataclass(frozen=True)
class Example:
    """A solved problem. `steps` are as a teacher writes them, without results. `program` defines `solution()`."""

    question: str
    steps: tuple[str, ...]
    solution: str
    program: str
    answer: str


def load_examples(file: Path) -> tuple[Example, ...]:
    """Read the examples of a prompt set; () if it has none.

    Args:
        file: path of the JSONL file.

    Raises:
        ValueError: a line is not an example; the message names file, line and the missing key.
    """
    if not file.is_file():
        return ()
    lines = read_text(file).splitlines()
    return tuple(_read(line, f"{file}, line {number}") for number, line in enumerate(lines, 1) if line.strip())


def read_text(file: Path) -> str:
    """Return the text of a file of a prompt set.

    Raises:
        ValueError: it is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: not UTF-8 ({error}); save the file as UTF-8") from error


def choose_examples(
    examples: Sequence[Example], question: str, shots: int, choice: Choice = "first", seed: int = 0
) -> list[Example]:
    """Return the examples to show before a question, in order.

    Args:
        examples: all examples of the prompt set.
        question: the question that the student gets.
        shots: number of examples.
        choice: "first", "random", or "similar" to the question; the most similar one then comes last.
        seed: seed of a random choice. The choice depends on nothing else, so every problem gets the same examples.

    Raises:
        ValueError: there are fewer examples than shots, or the question is one of the chosen examples (contamination).
    """
    check_shots(examples, shots)
    chosen = _chosen(examples, question, shots, choice, seed)
    folded = _fold(question)
    if any(_fold(example.question) == folded for example in chosen):
        raise ValueError(f"the question {question[:80]!r} is also a few-shot example; remove one of the two")
    return chosen


def check_shots(examples: Sequence[Example], shots: int, owner: str = "the prompt set") -> None:
    """Refuse more shots than there are examples.

    Args:
        examples: all examples of the prompt set.
        shots: number of examples to show.
        owner: the prompt set, as the message names it.

    Raises:
        ValueError: there are fewer examples than shots.
    """
    if shots > len(examples):
        raise ValueError(f"shots={shots}, but {owner} has {len(examples)} examples; give fewer shots or add to {FILE}")


def contaminated(examples: Iterable[Example], questions: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the questions that equal an example, and those that are near copies of one (contamination)."""
    from rapidfuzz import fuzz, process

    known = [_fold(example.question) for example in examples]
    same, near = [], []
    for question in questions:
        folded = _fold(question)
        if folded in known:
            same.append(question)
        elif process.extractOne(folded, known, scorer=fuzz.ratio, score_cutoff=NEAR_COPY):
            near.append(question)
    return same, near


def digest(examples: Iterable[Example]) -> str:
    """Return a hash of examples, 12 hexadecimal digits. Like the prompts' hash, it is part of a cell's identity."""
    plain = json.dumps([asdict(example) for example in examples], sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def _chosen(examples: Sequence[Example], question: str, shots: int, choice: Choice, seed: int) -> list[Example]:
    if choice == "random":
        return random.Random(seed).sample(list(examples), shots)
    if choice == "similar" and shots:
        from rapidfuzz import fuzz, process

        texts = [_fold(example.question) for example in examples]
        # token_set_ratio ignores the order and repetition of words: two problems of one kind differ in their wording.
        found = process.extract(_fold(question), texts, scorer=fuzz.token_set_ratio, limit=shots)
        return [examples[place] for _, _, place in reversed(found)]  # the most similar last, next to the question
    return list(examples[:shots])


def _read(line: str, where: str) -> Example:
    try:
        values = json.loads(line)
        steps = values["steps"]
        if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
            raise ValueError("steps is not a list of texts")
        texts = {name: str(values[name]) for name in ("question", "solution", "program", "answer")}
        return Example(steps=tuple(steps), **texts)
    except KeyError as error:
        raise ValueError(f"{where}: the example lacks {error}; it needs question, steps, solution, program, answer") from None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: not an example in JSON ({error})") from None


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
