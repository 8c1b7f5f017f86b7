"""Check the question of a state before a model is paid for it."""

from __future__ import annotations

from ..foundation.lines import check_question
from .state import TraceState


def question_of(state: TraceState) -> str:
    """Return the question.

    Raises:
        ValueError: the question is missing, not a text, empty, or too long.
    """
    question = state.get("question")
    if not isinstance(question, str) or not question.strip():
        raise ValueError(f"the question is {question!r}; give a text, as in graph.invoke({{'question': 'What is 6 * 7?'}})")
    check_question(question)
    return question
