import pytest

from trace_of_thought.models import ScriptedChatModel


def test_answers_from_a_list_in_order_and_fails_on_purpose():
    model = ScriptedChatModel(script=["one", TimeoutError("too slow"), "three"])
    assert model.invoke("a").text == "one"
    with pytest.raises(TimeoutError, match="too slow"):
        model.invoke("b")
    assert model.invoke("c").text == "three"
    assert model.calls == ["a", "b", "c"]
    with pytest.raises(IndexError, match="call 4 has none"):
        model.invoke("d")


def test_answers_from_a_mapping_or_a_function():
    assert ScriptedChatModel(script={"cat": "4 legs", "bird": "2 legs"}).invoke("a bird").text == "2 legs"
    assert ScriptedChatModel(script=str.upper).invoke("loud").text == "LOUD"
    with pytest.raises(KeyError, match="no key"):
        ScriptedChatModel(script={"cat": "4"}).invoke("dog")


def test_streams_words_and_counts_them():
    model = ScriptedChatModel(script=["three words here"])
    chunks = list(model.stream("two words"))
    assert [chunk.text for chunk in chunks if chunk.text] == ["three ", "words ", "here"]
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert whole.usage_metadata == {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}
    assert whole.response_metadata["finish_reason"] == "stop"
