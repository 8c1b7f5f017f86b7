"""What paid models cost, beside their replies: what nobody knows is not shown as 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trace_of_thought import build_trace_of_thought, tracking
from trace_of_thought.models.load import load_chat_model

USAGE = {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}


@pytest.fixture
def solve(openai_server: Any, monkeypatch: pytest.MonkeyPatch, traces_in: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that solves a problem with a teacher and a student of a real server, and returns the trace."""
    monkeypatch.setenv("OPENAI_API_KEY", "unused")

    def run(teacher: str, student: str, **options: Any) -> Any:
        models = [load_chat_model(spec, base_url=openai_server.url, **options) for spec in (teacher, student)]
        with tracking.traced("x"):
            build_trace_of_thought(*models).invoke({"question": "6 * 7?"})
        return traces_in("x")[0]

    return run


def spans(trace: Any) -> dict[str, Any]:
    return {span.name: span for span in trace.data.spans if span.span_type == "CHAT_MODEL"}


def test_tokens_and_cost_of_a_known_model_add_up(solve: Callable[..., Any]) -> None:
    trace = solve("openai:gpt-4.1", "openai:gpt-4o-mini")
    teacher, student = spans(trace)["gpt-4.1"], spans(trace)["gpt-4o-mini"]
    assert teacher.attributes["mlflow.llm.provider"] == "openai"
    assert teacher.attributes["mlflow.chat.tokenUsage"] == USAGE
    assert teacher.llm_cost["total_cost"] == pytest.approx(9 * 2e-6 + 3 * 8e-6)
    assert student.llm_cost["total_cost"] == pytest.approx(9 * 0.15e-6 + 3 * 0.6e-6)
    assert trace.info.token_usage == {"input_tokens": 18, "output_tokens": 6, "total_tokens": 24}
    assert trace.info.cost["total_cost"] == pytest.approx(teacher.llm_cost["total_cost"] + student.llm_cost["total_cost"])


def test_an_unknown_price_is_no_price(solve: Callable[..., Any]) -> None:
    trace = solve("openai:my-own-model", "openai:another")
    assert {span.llm_cost for span in spans(trace).values()} == {None}
    assert trace.info.cost is None
    assert trace.info.token_usage["total_tokens"] == 24


def test_streamed_replies_are_counted(solve: Callable[..., Any]) -> None:
    trace = solve("openai:gpt-4.1", "openai:gpt-4o-mini", streaming=True)
    assert spans(trace)["gpt-4o-mini"].attributes["mlflow.chat.tokenUsage"] == USAGE
    assert spans(trace)["gpt-4o-mini"].llm_cost["total_cost"] > 0
