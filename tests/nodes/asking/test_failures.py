"""What is said of a failure: by the error itself and what to do, and none of this process's secrets."""

import httpx
import pytest

from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.asking.failures import ModelError, advice, explain, explain_to_owner
from trace_of_thought.nodes.decompose import make_decompose
from trace_of_thought.nodes.solve import make_solve
from trace_of_thought.nodes.solving.ways import WAYS
from trace_of_thought.prompts import load_prompts


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "client_secret", "DB_PASSWORD"])
def test_the_secrets_of_the_environment_are_not_repeated(monkeypatch, name):
    monkeypatch.setenv(name, "s3cr3t-word")
    assert (
        explain(ValueError("Incorrect key: s3cr3t-word. Again: s3cr3t-word")) == "Incorrect key: [redacted]. Again: [redacted]"
    )


@pytest.mark.parametrize(("name", "value"), [("KEYBOARD", "german-layout"), ("SHORT_KEY", "the")])
def test_other_words_stay(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert explain(ValueError(f"the text {value} is wrong")) == f"the text {value} is wrong"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("two\n  lines\tand \x1b[2Ja \x00trick"), "two lines and [2Ja \ufffdtrick"),
        (KeyError("a key"), "a key"),
        (KeyError(), "KeyError"),
        (TimeoutError(), "TimeoutError"),
        (ValueError("x" * 2000), "x" * 900),
        (ExceptionGroup("two", [ExceptionGroup("one", [OSError("disk full")]), ValueError("second")]), "disk full"),
    ],
)
def test_an_error_is_said_in_one_line(error, said):
    assert explain(error) == said


class APIConnectionError(Exception):
    """Named as openai's, whose package other providers do without."""


class APITimeoutError(APIConnectionError):
    pass


class Unknown(APITimeoutError):
    pass


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (APIConnectionError(), "check the base URL"),
        (APITimeoutError(), "raise the timeout"),
        (Unknown(), "raise the timeout"),
        (ExceptionGroup("all", [APIConnectionError()]), "check the base URL"),
    ],
)
def test_what_to_do_follows_from_the_nearest_kind_of_error(error, says):
    assert says in advice(error)


def test_a_used_up_quota_is_no_matter_of_concurrency():
    """The client has the code as an attribute; its message may leave it out."""

    class RateLimitError(Exception):
        code = None

    limited, empty = RateLimitError("Error code: 429"), RateLimitError("Error code: 429 - You exceeded your current quota")
    empty.code = "insufficient_quota"
    assert "lower the concurrency" in advice(limited)
    assert "check its plan and billing" in advice(empty)
    assert "concurrency" not in advice(empty)


@pytest.mark.parametrize("error", [ValueError("x"), TypeError("in code of ours")])
def test_there_is_no_advice_about_other_errors(error):
    assert advice(error) == ""


@pytest.mark.parametrize(("name", "shown"), [("/srv/models/own.gguf", "'own.gguf'"), ("org/model", "'org/model'")])
def test_a_failure_names_the_model_and_not_its_folder(name, shown):
    node = make_decompose(ScriptedChatModel(script=[ConnectionError("gone.")], model_name=name), load_prompts())
    with pytest.raises(ModelError) as caught:
        node.invoke({"question": "q" * 500})
    assert str(caught.value) == f"gone; while asking the teacher {shown} about '{'q' * 120}'"


def test_a_failure_tells_what_the_run_had_used():
    student = ScriptedChatModel(script=[ConnectionError("gone")])
    before = {"teacher": {"calls": 1, "input_tokens": 7, "output_tokens": 8, "unknown": 0}}
    state = {"question": "What?", "usage": before, "attempts": 1, "retry_reason": "no final answer was given."}
    with pytest.raises(ModelError) as caught:
        make_solve(student, load_prompts(), WAYS["standard"]).invoke(state)
    assert caught.value.usage["teacher"] == before["teacher"]
    assert caught.value.usage["student"]["calls"] == 0


def test_an_error_of_the_http_library_outside_a_request_is_explained():
    assert explain_to_owner(httpx.ConnectError("All connection attempts failed")) == "All connection attempts failed"
