"""Text from tokens: whole characters, stop strings, reasoning."""

import pytest

pytest.importorskip("torch")

from trace_of_thought.models.chat.reasoning import Parted, ThoughtSplitter, part
from trace_of_thought.models.engine.incremental_text import IncrementalText, StopHold

PIECES = [1, 2, 3, 7, 100]


def pieces(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)]


def test_no_piece_of_a_stream_splits_a_character(tiny_student):
    text = "naïve 你好 🎉 café"
    stream = IncrementalText(tiny_student.tokenizer)
    shown = [stream.feed(token) for token in tiny_student.tokenizer(text, add_special_tokens=False)["input_ids"]]
    assert "".join(shown) + stream.flush() == text
    assert not any("\ufffd" in piece for piece in shown)


@pytest.mark.parametrize("size", PIECES)
def test_nothing_of_a_stop_string_is_shown(size):
    hold = StopHold(["STOP", "\n\n"])
    shown = [hold.feed(piece) for piece in pieces("one S two ST three\nfour STOP five", size)]
    assert "".join(shown) + hold.feed("", final=True) == "one S two ST three\nfour "


@pytest.mark.parametrize("size", PIECES)
@pytest.mark.parametrize(
    ("text", "opened", "expected"),
    [
        ("<think>\nsix times\nseven </think>\n\nIt is 42.", False, Parted("six times\nseven", "It is 42.")),
        ("six times</think>42", True, Parted("six times", "42")),
        ("no thoughts < 3 here", False, Parted("", "no thoughts < 3 here")),
        ("x <think>late</think>", False, Parted("", "x <think>late</think>")),
        ("<think>never ends", False, Parted("never ends", "")),
        ("<think></think>quick", False, Parted("", "quick")),
        ("  indented answer", False, Parted("", "  indented answer")),
    ],
)
def test_reasoning_is_parted_from_the_answer_in_any_pieces(text, opened, expected, size):
    assert part(text, opened) == expected
    splitter = ThoughtSplitter(opened)
    parts = [splitter.feed(piece) for piece in pieces(text, size)] + [splitter.feed("", final=True)]
    assert ("".join(p.reasoning for p in parts), "".join(p.answer for p in parts)) == expected


def test_reasoning_is_a_standard_content_block(tiny_student):
    from trace_of_thought.models.chat.replies import Call
    from trace_of_thought.models.engine.requests import Completion, Generation, SamplingOptions

    tokenizer = tiny_student.tokenizer
    tokens = tokenizer("<think>why</think>because", add_special_tokens=False)["input_ids"]
    call = Call(Generation([1], SamplingOptions(), frozenset()), tokenizer, [], False, {"model_provider": "huggingface"})
    message = call.result(Completion(tokens, "stop", len(tokens), 1)).generations[0].message
    assert message.content == "because"
    assert message.content_blocks == [{"type": "reasoning", "reasoning": "why"}, {"type": "text", "text": "because"}]


def test_tool_calls_are_read_from_the_text():
    from trace_of_thought.models.chat.tool_calls import read_tool_calls

    good = '<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>'
    text, calls, invalid = read_tool_calls(f"Let me see. {good} <tool_call>{{broken</tool_call>")
    assert text == "Let me see."
    assert [(call["name"], call["args"]) for call in calls] == [("add", {"a": 1})]
    assert len(invalid) == 1
    assert read_tool_calls("no call <b>").text == "no call <b>"
