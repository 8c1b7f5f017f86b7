"""A Hugging Face Inference endpoint, which speaks OpenAI's protocol, as the student of the whole graph."""

import pytest

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

PROBLEM = {"question": "What is 6 times 7?", "reference": "42"}


@pytest.fixture
def student(openai_server):
    chat = pytest.importorskip("langchain_huggingface")
    endpoint = chat.HuggingFaceEndpoint(
        endpoint_url=openai_server.url.removesuffix("/v1"), huggingfacehub_api_token="unused", task="text-generation"
    )
    return chat.ChatHuggingFace(llm=endpoint, model_id="m", tokenizer=object())


async def test_an_endpoint_is_a_student(student, openai_server):
    graph = build_trace_of_thought(ScriptedChatModel(script=lambda prompt: "1. Multiply 6 by 7."), student)
    for result in (graph.invoke(PROBLEM), await graph.ainvoke(PROBLEM)):
        assert (result["answer"], result["status"]) == ("42", "correct")
        assert result["usage"]["student"] == {"calls": 1, "input_tokens": 9, "output_tokens": 3, "unknown": 0}
    assert "1. Multiply 6 by 7." in openai_server.prompts[0]
