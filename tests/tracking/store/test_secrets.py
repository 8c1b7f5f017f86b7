"""No key, token or environment value reaches the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trace_of_thought import tracking
from trace_of_thought.foundation.redaction import Redactor
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.tracking import CellRecord, ExperimentRecord

CANARIES = {
    "OPENAI_API_KEY": "sk-canary-openai-0123456789",
    "HF_TOKEN": "hf_canaryhuggingface0123",
    "DB_PASSWORD": "canary-database-word",
    "MLFLOW_TRACKING_TOKEN": "canary-tracking-token",
    "UNRELATED_SETTING": "canary-of-an-ordinary-variable",
}


def test_a_store_after_a_run_holds_no_canary(
    make_graph: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, traces_in: Callable[..., Any]
) -> None:
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    store = tracking.connect()
    cell = CellRecord("c", "cell", {"student": "openai:x", "base_url": f"http://me:{CANARIES['DB_PASSWORD']}@host/v1"})
    cell.rows = [{"error": f"401 for key {CANARIES['OPENAI_API_KEY']}"}]
    runs = tracking.open_runs(store, ExperimentRecord("e", "x", "t", cells=[cell]))
    handler = runs.handler("c")
    failing = ScriptedChatModel(script=[ValueError(f"Incorrect API key provided: {CANARIES['OPENAI_API_KEY']}")])
    echoing = ScriptedChatModel(script=lambda prompt: f"My token is {CANARIES['HF_TOKEN']}. Answer: 42")
    config = {"callbacks": [handler], "metadata": {"api_key": CANARIES["OPENAI_API_KEY"]}}
    with pytest.raises(ValueError, match="Incorrect API key"):
        make_graph(failing).invoke({"question": "q"}, config)
    make_graph(echoing).invoke({"question": "q"}, config)
    record = ExperimentRecord("e", "x", "t", cells=[cell], description=f"token {CANARIES['HF_TOKEN']}")
    tracking.publish(store, record)
    assert store.close() == 0
    assert len(traces_in("x")) == 2
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"mlflow.db", "problems.json", "outbox.sqlite"}
    for path in files:
        content = path.read_bytes()
        for canary in CANARIES.values():
            assert canary.encode() not in content, f"{canary} is in {path}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key value-of-key!", "key [redacted]!"),
        ("sk-proj-abcdefghijklmnop0123", "[redacted]"),
        ("http://ada:pw@host/x", "http://[redacted]@host/x"),
        ("Authorization: Bearer abcdefghijkl.mnop", "Authorization: Bearer [redacted]"),
        ("the answer is EMPTY", "the answer is EMPTY"),
        ("ask-me-anything about task-oriented plans", "ask-me-anything about task-oriented plans"),
        ("\ud800 and \x00", "\ufffd and \ufffd"),
    ],
)
def test_texts_are_redacted(text: str, expected: str) -> None:
    assert Redactor({"SOME_KEY": "value-of-key", "OTHER_KEY": "EMPTY"}).text(text) == expected


def test_values_of_any_depth_become_plain() -> None:
    deep: list[Any] = []
    inner = deep
    for _ in range(100):
        inner.append([])
        inner = inner[0]
    plain = Redactor({}).value({"deep": deep, 3: {1}, "when": Path("/x")})
    assert plain["3"] == [1]
    assert plain["when"] == "/x"
