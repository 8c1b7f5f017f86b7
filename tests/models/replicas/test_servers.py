"""Several servers behind one client: shared load, faults, and coming back."""

import asyncio
import threading
import time

import pytest

from trace_of_thought.models import load_chat_model
from trace_of_thought.models.replicas import servers as servers_module
from trace_of_thought.models.replicas.places import places_of


@pytest.fixture
def two(openai_server, another_server):
    return openai_server, another_server


@pytest.fixture
def model(two):
    return load_chat_model("openai:m", base_url=[server.url for server in two], api_key="x", max_retries=0, timeout=5)


def states(model):
    return [place.state for place in places_of(model)]


async def test_calls_are_shared_by_least_load(model, two):
    release, lock, busy = threading.Event(), threading.Lock(), []

    def slow(prompt):
        with lock:
            busy.append(prompt)
        release.wait(20)
        return "Answer: 1"

    two[0].reply = slow
    first = asyncio.create_task(model.ainvoke("slow"))
    while not busy:
        await asyncio.sleep(0.005)
    for number in range(4):
        await model.ainvoke(f"quick {number}")
    release.set()
    assert (await first).text == "Answer: 1"
    assert ([server.prompts for server in two]) == [["slow"], [f"quick {number}" for number in range(4)]]
    assert [place.in_flight for place in places_of(model)] == [0, 0]
    assert [place.answered for place in places_of(model)] == [1, 4]


@pytest.mark.parametrize("fault", [(None, ""), (503, "{}"), (404, "{}"), (429, "{}")])
async def test_a_server_that_fails_is_left_out_and_tried_again(model, two, fault, monkeypatch):
    monkeypatch.setattr(servers_module, "FIRST_PAUSE_S", 1.5)
    two[0].queue = [fault]
    replies = [await model.ainvoke(f"{number}") for number in range(4)]
    assert {reply.usage_metadata["total_tokens"] for reply in replies} == {12}
    assert (states(model), len(two[1].prompts), two[0].prompts) == (["out", "live"], 4, [])
    time.sleep(1.55)
    await model.ainvoke("again")
    assert (states(model), two[0].prompts) == (["live", "live"], ["again"])


def test_threads_and_streams_go_on_elsewhere_too(model, two):
    two[0].queue = [(500, "{}")]
    assert model.invoke("a").text.endswith("Answer: 42")
    assert "".join(chunk.text for chunk in model.stream("b")).endswith("Answer: 42")
    assert (two[1].prompts, two[0].prompts) == (["a", "b"], [])
    assert [place.in_flight for place in places_of(model)] == [0, 0]


def test_a_request_that_no_server_takes_gives_the_last_error(model, two):
    for server in two:
        server.queue = [(500, '{"error": {"message": "out of memory"}}')]
    with pytest.raises(Exception, match="out of memory"):
        model.invoke("a")
    assert states(model) == ["out", "out"]
    assert model.invoke("b").text  # both pause: one is asked all the same


def test_a_bad_request_is_the_callers_fault(model, two):
    two[0].queue = [(400, '{"error": {"message": "too long"}}')]
    with pytest.raises(Exception, match="too long"):
        model.invoke("a")
    assert states(model) == ["live", "live"]
    assert two[1].hits == 0


def test_only_openai_servers_can_be_several():
    with pytest.raises(ValueError, match="cannot use several base_url"):
        load_chat_model("anthropic:m", base_url=["http://a/v1", "http://b/v1"])
    with pytest.raises(ValueError, match="give each server once"):
        load_chat_model("openai:m", base_url=["http://a/v1", "http://a/v1/"], api_key="x")
