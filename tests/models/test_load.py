import pytest

from trace_of_thought import ModelError, build_baseline, build_trace_of_thought
from trace_of_thought.foundation.commands import install
from trace_of_thought.models import ScriptedChatModel, load_chat_model


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("gpt-4.1", ValueError, "has no provider"),
        ("hf:", ValueError, "has no provider"),
        ("nobody:x", ValueError, "unknown provider 'nobody'; use hf:"),
        ("opnai:x", ValueError, r"unknown provider 'opnai' \(did you mean 'openai'\?\); use hf:"),
        ("openai:gpt-4.1", ValueError, "needs OPENAI_API_KEY"),
        ("hf:./missing.gguf", FileNotFoundError, "no such file"),
        ("recorded:missing.jsonl", FileNotFoundError, "no recorded decompositions"),
    ],
)
def test_a_name_that_cannot_be_loaded_says_what_to_do(spec, error, message):
    with pytest.raises(error, match=message):
        load_chat_model(spec)


def test_a_missing_extra_is_named_with_the_tested_versions(monkeypatch):
    def missing(*args, **options):
        raise ImportError("Initializing ChatOpenAI requires the langchain-openai package. Please install it with ...")

    monkeypatch.setattr("langchain.chat_models.init_chat_model", missing)
    with pytest.raises(ImportError) as caught:
        load_chat_model("openai:m")
    assert str(caught.value) == f"model 'openai:m' needs langchain-openai; install it with: {install('openai')}"


def test_options_reach_a_remote_model():
    model = load_chat_model(
        "openai:any", base_url="http://127.0.0.1:9/v1", api_key="x", timeout=7, max_retries=0, temperature=0.5
    )
    assert (model.request_timeout, model.max_retries, model.temperature) == (7, 0, 0.5)


def test_a_rate_limit_is_kept_by_all_callers():
    model = load_chat_model("openai:any", api_key="x", requests_per_second=3)
    assert model.rate_limiter.requests_per_second == 3


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("recorded:sample", {"temperature": 0.3}, "has no temperature"),
        ("recorded:sample", {"timeout": 5}, "has no timeout"),
        ("hf:.", {"max_retries": 2}, "has no max_retries"),
    ],
)
def test_an_option_that_does_not_apply_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        load_chat_model(spec, **options)


def test_what_is_no_model_is_refused_when_the_graph_is_built():
    with pytest.raises(TypeError, match="None is not a chat model"):
        build_trace_of_thought(None, ScriptedChatModel(script=str))


def test_a_script_that_has_run_out_is_not_blamed_on_a_server():
    graph = build_baseline("standard", ScriptedChatModel(script=[]))
    with pytest.raises(ModelError, match="call 1 has none; while asking"):
        graph.invoke({"question": "2 + 2?"})
