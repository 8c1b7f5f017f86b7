"""The question of a state, checked."""

from __future__ import annotations

from ..graphs.state import TraceState


def question_of(state: TraceState) -> str:
    """Return the question.

    Raises:
        ValueError: the question is missing, not a text, or empty.
    """
    question = state.get("question")
    if not isinstance(question, str) or not question.strip():
        raise ValueError(f"the question is {question!r}; give a text, as in graph.invoke({{'question': 'What is 6 * 7?'}})")
    return question
