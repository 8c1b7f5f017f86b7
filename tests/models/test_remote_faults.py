"""A remote model that fails in every way it can, behind a real HTTP server on loopback and the real OpenAI client."""

import json
import threading

import pytest

from trace_of_thought import build_baseline, load_chat_model
from trace_of_thought.models.replicas.places import places_of
from trace_of_thought.nodes.asking.failures import explain, explain_to_owner

pytest.importorskip("langchain_openai")


def student(server, **options):
    return load_chat_model("openai:m", base_url=server.url, api_key="x", **{"max_retries": 1, "timeout": 5, **options})


def ask(model):
    return build_baseline("standard", model).invoke({"question": "What is 6 times 7?", "reference": "42"})


def test_a_good_reply_counts_the_servers_tokens(openai_server):
    result = ask(student(openai_server))
    assert result["status"] == "correct"
    assert result["usage"]["student"] == {"calls": 1, "input_tokens": 9, "output_tokens": 3, "unknown": 0}


@pytest.mark.parametrize("fault", [(429, "{}"), (500, "oops"), (503, ""), (None, "")])
def test_a_passing_fault_is_retried_in_one_layer(openai_server, fault):
    openai_server.queue = [fault]
    assert ask(student(openai_server))["status"] == "correct"
    assert openai_server.hits == 2


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (429, '{"error": {"message": "slow down"}}', "lower the concurrency"),
        (500, '{"error": {"message": "boom"}}', "try again later"),
        (401, '{"error": {"message": "bad key"}}', "API key"),
        (404, '{"error": {"message": "no such model"}}', "check the name"),
        (None, "", "cannot be reached"),
        (200, "<html>login</html>", "OpenAI-compatible endpoint"),
        (200, "{}", "OpenAI-compatible endpoint"),
    ],
)
def test_a_lasting_fault_says_what_to_do(openai_server, status, body, advice):
    openai_server.queue = [(status, body)] * 9
    with pytest.raises(Exception) as caught:  # noqa: PT011
        ask(student(openai_server))
    message = explain(caught.value)
    assert advice in message
    assert "while asking the student 'm' about 'What is 6 times 7?'" in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("urls", "named"),
    [
        ("http://ada:secret-word@127.0.0.1:9/v1", "http://127.0.0.1:9/v1/chat/completions"),
        (["http://127.0.0.1:10/v1", "http://ada:secret-word@127.0.0.1:9/v1"], "http://127.0.0.1:9/v1/chat/completions"),
    ],
)
def test_a_server_that_is_not_there_is_named_to_its_owner_alone(urls, named):
    model = load_chat_model("openai:m", base_url=urls, api_key="x", max_retries=0)
    with pytest.raises(Exception, match="Connection") as caught:
        ask(model)
    assert "check the base URL and that it is running" in explain(caught.value)
    assert "127.0.0.1" not in explain(caught.value)
    assert explain_to_owner(caught.value) == f"{named}: {explain(caught.value)}"


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("127.0.0.1:18555/v1", "base URL '127.0.0.1:18555/v1' has no scheme; write http:// or https:// in front"),
        ("localhost:18555", "has no scheme"),
        ("", "the base URL is empty"),
        ("ftp://h/v1", r"base URL 'ftp://h/v1' is not http\(s\)://HOST"),
        ("http:///v1", "is not http"),
        ("http://h:port/v1", "is not http"),
        ("http://[::1/v1", "is not http"),
        (" http://h/v1", "base URL ' http://h/v1' contains white space; remove it"),
        ("http://h o/v1", "contains white space"),
        ("http://h/v1\n", "contains white space"),
        ("http://ada:secret-word@h o/v1", r"base URL '\[redacted\]@h o/v1' contains white space"),
        ("ada:secret-word@h:1/v1", r"base URL '\[redacted\]@h:1/v1' has no scheme"),
    ],
)
def test_a_malformed_url_is_refused_when_the_model_is_loaded(url, complaint):
    for given in (url, [url], ["http://127.0.0.1:9/v1", url]):
        with pytest.raises(ValueError, match=complaint) as caught:
            load_chat_model("openai:m", base_url=given, api_key="x")
        assert "secret-word" not in str(caught.value)


def test_no_password_of_a_base_url_is_shown():
    url = "http://ada:secret-word@127.0.0.1:9/v1"
    with pytest.raises(ValueError, match=r"base_url .*http://127.0.0.1:9/v1.*give each server once") as caught:
        load_chat_model("openai:m", base_url=[url, url], api_key="x")
    assert "secret-word" not in str(caught.value)
    model = load_chat_model("openai:m", base_url=[url, "http://127.0.0.1:10/v1"], api_key="x")
    assert [place.name for place in places_of(model)] == ["http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1"]


def test_a_server_that_never_answers(openai_server):
    hold = threading.Event()
    openai_server.reply = lambda prompt: str(hold.wait(20))
    with pytest.raises(Exception, match="the reply was not complete after") as caught:
        ask(student(openai_server, timeout=0.3, max_retries=0))
    hold.set()
    assert "did not answer in time" in explain(caught.value)


def test_an_empty_reply_is_no_answer_and_a_cut_one_says_so(openai_server, openai_completion):
    openai_server.queue = [(200, json.dumps(openai_completion("", finish_reason="length")))]
    result = ask(student(openai_server))
    assert result["status"] == "no_answer"
    assert result["solutions"][0]["finish_reason"] == "length"
