"""MLflow's private names: all in one file, tried at start, with a fallback where a release lacks one."""

import logging
import re
from pathlib import Path

import pytest

from trace_of_thought import tracking
from trace_of_thought.tracking.store import private
from trace_of_thought.tracking.store.public_tracer import PublicTracer

ROOT = Path(__file__).parents[3]
PRIVATE = re.compile(
    r"mlflow\.(?:tracing\.(?:processor|trace_manager|client|provider|export)|langchain\.langchain_tracer|utils\b)|\b_span\b|_run_span_mapping"
)
PROBLEM = {"question": "What is 6 * 7?", "reference": "42", "problem_id": "p1"}


@pytest.fixture
def fresh():
    private.probe.cache_clear()
    yield
    private.probe.cache_clear()


def missing(*args, **kwargs):
    raise ImportError("cannot import name 'MlflowV3SpanProcessor'")


def test_only_one_file_knows_them():
    code = [file for file in (ROOT / "tracking").rglob("*.py") if file.name not in ("private.py", "__init__.py")]
    lines = [(file.name, line) for file in code for line in file.read_text().splitlines()]
    typed = ("from mlflow.tracing.client import", "from mlflow.langchain.langchain_tracer import")
    used = [found for found in lines if PRIVATE.search(found[1]) and not found[1].strip().startswith((*typed, '"""', "#"))]
    assert used == []


def test_this_release_has_them(fresh, caplog):
    with caplog.at_level(logging.WARNING):
        store = tracking.connect()
    assert not isinstance(store.tracer, PublicTracer)
    assert caplog.text == ""
    store.close()


@pytest.mark.parametrize("name", ["span_processor", "live_span", "pop_trace"])
def test_where_one_is_missing_traces_arrive_through_public_functions(fresh, monkeypatch, caplog, make_graph, traces_in, name):
    monkeypatch.setattr(private, name, missing)
    with tracking.traced(experiment="later"):
        make_graph().invoke(PROBLEM)
    [trace] = traces_in("later")
    assert {span.name for span in trace.data.spans} >= {"trace_of_thought", "decompose", "solve", "verify", "small"}
    found = {assessment.name: assessment for assessment in trace.info.assessments}
    assert found["correct"].value is True
    assert found["reference"].value == "42"
    assert trace.info.tags["problem_id"] == "p1"
    assert "has changed" in caplog.text
    assert "can be lost in bursts" in caplog.text


def test_a_client_that_lacks_a_method_leaves_traces_in_the_outbox_and_says_why(monkeypatch, make_graph, folder, caplog):
    from mlflow.tracing.client import TracingClient

    with tracking.traced(experiment="waiting"):
        monkeypatch.delattr(TracingClient, "log_spans")
        make_graph().invoke(PROBLEM)
    assert "TracingClient" in caplog.text
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    store = tracking.connect()
    assert store.close() == 0


def test_without_autologs_tracer_tracing_goes_on(fresh, monkeypatch, make_graph, traces_in):
    monkeypatch.setitem(__import__("sys").modules, "mlflow.langchain.langchain_tracer", None)
    monkeypatch.setitem(__import__("sys").modules, "mlflow.utils.autologging_utils", None)
    with tracking.traced(experiment="no autolog"):
        make_graph().invoke(PROBLEM)
    assert len(traces_in("no autolog")) == 1
