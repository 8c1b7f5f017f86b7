"""Teachers that give their steps as structured output, over HTTP."""

import json

import pytest

from trace_of_thought import build_trace_of_thought, load_chat_model
from trace_of_thought.models import ScriptedChatModel

TEXT = "1. Multiply 6 by 7.\n2. State the product."
STEPS = ["Multiply 6 by 7.", "State the product."]
PROBLEM = {"question": "What is 6 times 7?", "reference": "42"}


@pytest.fixture
def teacher(openai_server):
    return load_chat_model("openai:t", base_url=openai_server.url, api_key="x", max_retries=0)


@pytest.fixture
def graph(teacher):
    return build_trace_of_thought(teacher, ScriptedChatModel(script=lambda prompt: "Answer: 42"), structured=True)


async def test_a_server_that_honours_the_schema(openai_server, graph):
    openai_server.reply = lambda prompt: json.dumps({"steps": STEPS})
    for result in (graph.invoke(PROBLEM), await graph.ainvoke(PROBLEM)):
        assert result["steps"] == STEPS
        assert result["flags"] == []
        assert result["usage"]["teacher"] == {"calls": 1, "input_tokens": 9, "output_tokens": 3, "unknown": 0}
    asked = openai_server.requests[0]["response_format"]
    assert asked["json_schema"]["schema"]["required"] == ["steps"]


async def test_a_server_that_ignores_the_schema_has_its_text_read(openai_server, graph):
    openai_server.reply = lambda prompt: TEXT
    assert graph.invoke(PROBLEM)["steps"] == (await graph.ainvoke(PROBLEM))["steps"] == STEPS


async def test_a_server_that_refuses_the_schema_is_asked_for_text_from_then_on(openai_server, graph):
    openai_server.reply = lambda prompt: TEXT
    openai_server.queue = [(400, '{"error": {"message": "response_format is not supported"}}')]
    assert graph.invoke(PROBLEM)["steps"] == STEPS
    assert (await graph.ainvoke(PROBLEM))["steps"] == STEPS
    assert openai_server.hits == 3
    assert ["response_format" in request for request in openai_server.requests] == [False, False]


GARBAGE = {
    '{"steps": "none"}': "none",
    '{"steps": [{"x": [1]}, 3]}': "3",
    "{": "{",
    "[[[[": "[[[[",
    '{"a": {"b": 1}}': '{"a": {"b": 1}}',
    "null": "null",
}


@pytest.mark.parametrize(("reply", "step"), GARBAGE.items())
def test_garbage_is_read_as_far_as_it_goes_and_stops_nobody(openai_server, graph, reply, step):
    openai_server.reply = lambda prompt: reply
    result = graph.invoke(PROBLEM)
    assert result["status"] == "correct"
    assert result["steps"] == [step]


def test_a_refusal_beside_an_empty_text_is_flagged(openai_server, openai_completion, graph):
    body = openai_completion("")
    body["choices"][0]["message"]["refusal"] = "I'm sorry, but I can't help with that."
    openai_server.queue = [(200, json.dumps(body))]
    result = graph.invoke(PROBLEM)
    assert "refusal" in {flag["kind"] for flag in result["flags"]}
    assert result["steps"] == []


CUT = '{"steps": ["Multiply 6 by 7.", "Sta'


async def test_a_reply_cut_off_by_the_token_limit_is_read_as_far_as_it_goes(openai_server, openai_completion, graph):
    openai_server.queue = [(200, json.dumps(openai_completion(CUT, "length")))] * 2
    for result in (graph.invoke(PROBLEM), await graph.ainvoke(PROBLEM)):
        assert result["steps"] == ["Multiply 6 by 7."]
        assert "truncated" in {flag["kind"] for flag in result["flags"]}
        assert result["usage"]["teacher"] == {"calls": 1, "input_tokens": 9, "output_tokens": 3, "unknown": 0}
    assert openai_server.hits == 2


def test_a_reply_that_a_filter_stopped_is_asked_for_as_text(openai_server, openai_completion, graph):
    openai_server.reply = lambda prompt: TEXT if len(openai_server.requests) == 1 else json.dumps({"steps": STEPS})
    openai_server.queue = [(200, json.dumps(openai_completion(CUT, "content_filter")))]
    assert graph.invoke(PROBLEM)["steps"] == graph.invoke(PROBLEM)["steps"] == STEPS
    assert ["response_format" in request for request in openai_server.requests] == [False, True]


@pytest.mark.parametrize("reply", [json.dumps({"steps": STEPS}), TEXT])
async def test_steps_stream(openai_server, graph, reply):
    openai_server.reply = lambda prompt: reply
    result = {}
    async for kind, data in graph.astream(PROBLEM, stream_mode=["values", "messages"]):
        result = data if kind == "values" else result
    assert result["steps"] == STEPS
    assert result["usage"]["teacher"] == {"calls": 1, "input_tokens": 9, "output_tokens": 3, "unknown": 0}
    assert openai_server.requests[0]["stream"]


def test_a_server_that_is_down_is_not_taken_for_one_that_refuses(openai_server, graph):
    openai_server.queue = [(401, '{"error": {"message": "bad key"}}')] * 2
    with pytest.raises(Exception, match="check the provider's API key"):
        graph.invoke(PROBLEM)
    assert openai_server.hits == 1


@pytest.mark.parametrize(("name", "asked"), [("gpt-4.1-mini", True), ("gpt-4", False), ("my-own", False)])
def test_it_is_asked_for_where_the_model_s_profile_says_so(openai_server, name, asked):
    teacher = load_chat_model(f"openai:{name}", base_url=openai_server.url, api_key="x")
    openai_server.reply = lambda prompt: TEXT
    build_trace_of_thought(teacher, ScriptedChatModel(script=["Answer: 42"])).invoke(PROBLEM)
    assert ("response_format" in openai_server.requests[0]) is asked
