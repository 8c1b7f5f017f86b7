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


@pytest.fixture
def read(load_tiny):
    """A student, and how many tokens of prompts its model has read since the last time this was asked."""
    student = load_tiny(engine="grouped", max_tokens=12)
    model = student.llm.pipeline.model
    forward, sizes = model.forward, []

    def counting(*args, **kwargs):
        sizes.append(kwargs["input_ids"].numel() if kwargs["input_ids"].shape[1] > 1 else 0)
        return forward(*args, **kwargs)

    def since():
        total = sum(sizes)
        sizes.clear()
        return total

    model.forward = counting
    return student, since


@pytest.mark.parametrize("engine", ["openvino", "grouped", "continuous"])
def test_prompts_that_begin_alike_get_the_texts_they_get_alone(load_tiny, plain, engine):
    student = load_tiny(engine=engine, max_tokens=12)
    alone = [plain(prompt, 12) for prompt in PROMPTS]
    assert [reply.content for reply in student.batch(PROMPTS)] == alone
    assert [student.invoke(prompt).content for prompt in PROMPTS] == alone


def test_samples_of_one_prompt_read_it_once(read):
    student, tokens_read = read
    replies = student.batch([PROMPTS[0]] * 8, temperature=1.0)
    assert len({reply.content for reply in replies}) > 1
    assert tokens_read() < 2 * replies[0].usage_metadata["input_tokens"]


def test_a_later_prompt_is_read_from_where_it_differs(read):
    student, tokens_read = read
    first, second = student.invoke(PROMPTS[0]), student.invoke(PROMPTS[2])
    whole = first.usage_metadata["input_tokens"] + second.usage_metadata["input_tokens"]
    assert tokens_read() < whole - len(INSTRUCTIONS)


def test_what_is_kept_stays_within_the_cache(load_tiny):
    student = load_tiny(engine="grouped", max_tokens=4, max_batch_tokens=1024)
    student.batch([f"{number} of many prompts that share nothing" for number in range(30)])
    store = student._service.engine._prefixes
    assert 0 < sum(len(kept.tokens) for kept in store._kept) <= 1024 // 8
    student._service.engine.fail_running(RuntimeError("a broken kernel"))
    assert not store._kept
