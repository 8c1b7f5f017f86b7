"""Prompts that begin alike: what they share is read once, and the texts stay what they are."""

import pytest

pytest.importorskip("torch")

INSTRUCTIONS = "Answer the question below in one short sentence. "
PROMPTS = [
    INSTRUCTIONS + "What is seven times six?",
    INSTRUCTIONS + "What is seven times six?",
    INSTRUCTIONS + "What is seven times nine, and why?",
    INSTRUCTIONS,
    "something else",
    INSTRUCTIONS + "Name a colour.",
    INSTRUCTIONS + "What is seven times six?",
]


@pytest.mark.parametrize("engine", ["openvino", "continuous"])
def test_prompts_that_begin_alike_get_the_texts_they_get_alone(load_tiny, plain, engine):
    student = load_tiny(engine=engine, max_tokens=12)
    alone = [plain(prompt, 12) for prompt in PROMPTS]
    assert [reply.content for reply in student.batch(PROMPTS)] == alone
    assert [student.invoke(prompt).content for prompt in PROMPTS] == alone


def test_of_calls_that_begin_alike_one_is_read_before_the_others_start(load_tiny):
    engine = load_tiny(engine="openvino", max_tokens=4)._service.engine
    from trace_of_thought.models.engine.requests import Generation, SamplingOptions

    long, short = list(range(3, 100)), [3, 4, 5]
    calls = [Generation(prompt, SamplingOptions(4), frozenset()) for prompt in (long, long, short, short)]
    assert engine.choose(calls, 4) == [calls[0], calls[2], calls[3]]
    engine._running = {0: calls[0]}
    assert engine.choose(calls[1:], 4) == calls[2:]
    calls[0].tokens.append(3)
    more = [Generation(long, SamplingOptions(4), frozenset()) for _ in range(3)]
    assert engine.choose(more, 2) == more[:2]
    engine._running = {}
