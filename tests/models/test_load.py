import pytest

from trace_of_thought.models import load_chat_model


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("gpt-4.1", ValueError, "has no provider"),
        ("hf:", ValueError, "has no provider"),
        ("nobody:x", ValueError, "unknown provider 'nobody'"),
        ("openai:gpt-4.1", ValueError, "needs OPENAI_API_KEY"),
        ("hf:./missing.gguf", FileNotFoundError, "no such file"),
        ("recorded:missing.jsonl", FileNotFoundError, "no recorded decompositions"),
    ],
)
def test_a_name_that_cannot_be_loaded_says_what_to_do(spec, error, message):
    with pytest.raises(error, match=message):
        load_chat_model(spec)


def test_options_reach_a_remote_model():
    model = load_chat_model(
        "openai:any", base_url="http://127.0.0.1:9/v1", api_key="x", timeout=7, max_retries=0, temperature=0.5
    )
    assert (model.request_timeout, model.max_retries, model.temperature) == (7, 0, 0.5)


def test_a_rate_limit_is_kept_by_all_callers():
    model = load_chat_model("openai:any", api_key="x", requests_per_second=3)
    assert model.rate_limiter.requests_per_second == 3
