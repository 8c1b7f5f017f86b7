"""Check the question of a state before a model is paid for it."""

from __future__ import annotations

from .state import TraceState

MAX_CHARACTERS = 50_000
"""Maximum length of a question. Anything longer is a document, not a problem."""


def question_of(state: TraceState) -> str:
    """Return the question.

    Raises:
        ValueError: the question is missing, not a text, empty, or longer than `MAX_CHARACTERS`.
    """
    question = state.get("question")
    if not isinstance(question, str) or not question.strip():
        raise ValueError(f"the question is {question!r}; give a text, as in graph.invoke({{'question': 'What is 6 * 7?'}})")
    if len(question) > MAX_CHARACTERS:
        raise ValueError(
            f"the question has {len(question):,} characters; at most {MAX_CHARACTERS:,} are allowed, give the problem alone"
        )
    return question
