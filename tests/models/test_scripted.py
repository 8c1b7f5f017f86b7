import pytest
from langchain_core.callbacks import BaseCallbackHandler

from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.models.recorded import RecordedTeacher


def test_answers_from_a_list_in_order_and_fails_on_purpose():
    model = ScriptedChatModel(script=["one", TimeoutError("too slow"), "three"])
    assert model.invoke("a").text == "one"
    with pytest.raises(TimeoutError, match="too slow"):
        model.invoke("b")
    assert model.invoke("c").text == "three"
    assert model.calls == ["a", "b", "c"]
    with pytest.raises(LookupError, match="call 4 has none"):
        model.invoke("d")


def test_answers_from_a_mapping_or_a_function():
    assert ScriptedChatModel(script={"cat": "4 legs", "bird": "2 legs"}).invoke("a bird").text == "2 legs"
    assert ScriptedChatModel(script=str.upper).invoke("loud").text == "LOUD"
    with pytest.raises(LookupError, match="no key"):
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


def test_tracers_learn_model_and_provider():
    seen = []

    class Listener(BaseCallbackHandler):
        def on_chat_model_start(self, serialized, messages, *, metadata=None, **kwargs):
            seen.append((metadata["ls_provider"], metadata["ls_model_name"]))

    for model in (ScriptedChatModel(script=["a"], model_name="small"), RecordedTeacher.from_file("sample")):
        model.invoke("A box holds 6 eggs. How many eggs are in 4 boxes?", {"callbacks": [Listener()]})
    assert seen == [("scripted", "small"), ("recorded", "by hand")]
