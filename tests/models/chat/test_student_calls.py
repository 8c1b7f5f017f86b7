"""What a caller of the student sees, with a tiny random model."""

import asyncio
import gc
import threading
import time

import pytest

pytest.importorskip("torch")

ENGINES = ["openvino", "continuous"]
ENDLESS = "go on and on"
PROMPTS = ["a", "what is seven times six?", "b" * 90, "long " * 30, "ü 你好", "x y z"]


@pytest.fixture
def watch(monkeypatch):
    """Keep the calls that reach a student's engine."""

    def start(student):
        engine, calls = student._service.engine, []
        submit = engine.submit

        def keep(generation):
            calls.append(generation)
            submit(generation)

        monkeypatch.setattr(engine, "submit", keep)
        return calls

    return start


def tokens_when_idle(student, call):
    """Wait until the engine has nothing to do, and return how many tokens it wrote for a call."""
    while student._service.engine.busy:
        time.sleep(0.002)
    return len(call.tokens)


def test_concurrent_calls_share_batches_and_get_what_plain_generate_answers(student, plain):
    expected = [plain(prompt) for prompt in PROMPTS]
    replies = student.batch(PROMPTS)
    assert [reply.content for reply in replies] == expected
    assert max(reply.response_metadata["batch_size"] for reply in replies) > 1


async def test_tasks_and_threads_get_the_same_replies(student):
    expected = [student.invoke(prompt).content for prompt in PROMPTS]
    assert [reply.content for reply in await student.abatch(PROMPTS)] == expected
    threads = await asyncio.gather(*(asyncio.to_thread(student.invoke, prompt) for prompt in PROMPTS))
    assert [reply.content for reply in threads] == expected


def test_a_call_joins_others_that_run(student):
    # the tiny model may end its reply before the other call comes
    sizes = set()
    for _ in range(8):
        stream = student.stream(ENDLESS, max_tokens=3000 if student.engine == "openvino" else 400)
        next(stream)
        sizes.add(student.invoke("second", max_tokens=5).response_metadata["batch_size"])
        stream.close()
    assert 2 in sizes
    assert sizes <= {1, 2}


async def test_streams_add_up_to_the_reply(student):
    for prompt in PROMPTS[:3]:
        whole = student.invoke(prompt)
        chunks = list(student.stream(prompt))
        achunks = [chunk async for chunk in student.astream(prompt)]
        assert "".join(chunk.content for chunk in chunks) == "".join(chunk.content for chunk in achunks) == whole.content
        assert chunks[-1].usage_metadata == whole.usage_metadata


def test_a_reply_tells_usage_and_why_it_ended(student):
    reply = student.invoke("hello", max_tokens=3)
    prompt = student.tokenizer.apply_chat_template(
        [{"role": "user", "content": "hello"}], add_generation_prompt=True, tokenize=False
    )
    count = len(student.tokenizer(prompt, add_special_tokens=False)["input_ids"])
    assert reply.usage_metadata == {"input_tokens": count, "output_tokens": 3, "total_tokens": count + 3}
    assert reply.response_metadata["finish_reason"] == "length"
    assert reply.response_metadata["model_provider"] == "huggingface"
    assert reply.response_metadata["engine"] == student.engine


def test_a_seeded_call_gets_the_same_text_alone_and_among_others(student):
    options = {"temperature": 1.0, "top_p": 0.9, "top_k": 50, "seed": 7}
    alone = student.invoke("tell", **options).content
    assert alone != student.invoke("tell", **{**options, "seed": 8}).content
    others = [threading.Thread(target=student.invoke, args=(prompt,), kwargs={"temperature": 0.8}) for prompt in PROMPTS[:3]]
    for thread in others:
        thread.start()
    assert student.invoke("tell", **options).content == alone
    for thread in others:
        thread.join()


def test_a_stop_string_ends_the_text_before_it(student):
    whole = student.invoke("hello").content
    stop = whole[5:7]
    reply = student.invoke("hello", stop=[stop])
    assert reply.content == whole[: whole.index(stop)]
    assert reply.response_metadata["finish_reason"] == "stop"
    assert "".join(chunk.content for chunk in student.stream("hello", stop=[stop])) == reply.content


@pytest.mark.parametrize("engine", ENGINES)
async def test_cancelling_a_task_frees_its_place(load_tiny, watch, engine):
    student = load_tiny(engine=engine, max_tokens=3500)
    calls = watch(student)
    task = asyncio.create_task(student.ainvoke(ENDLESS))
    while not (calls and student._service.engine.busy):
        await asyncio.sleep(0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await student.ainvoke("next", max_tokens=2)).usage_metadata["output_tokens"] == 2
    assert calls[0].result.cancelled()
    assert tokens_when_idle(student, calls[0]) < 1000


async def test_a_call_that_takes_too_long_says_so_and_frees_its_place(student, watch):
    calls = watch(student)
    with pytest.raises(TimeoutError, match=r"timeout=0\.01 seconds"):
        await student.ainvoke("slow", timeout=0.01, max_tokens=3000)
    with pytest.raises(TimeoutError, match="raise timeout"):
        student.invoke("slow", timeout=0.01, max_tokens=3000)
    assert student.invoke("next", max_tokens=2).usage_metadata["output_tokens"] == 2
    # on a busy machine, a reply may be complete by the time that the caller wakes up and gives up
    cancelled = [call for call in calls[:-1] if call.result.cancelled()]
    assert cancelled
    assert all(tokens_when_idle(student, call) < 3000 for call in cancelled)
    assert all(call.result.done() for call in calls)


def test_several_event_loops_one_after_the_other(student):
    texts = {asyncio.run(student.ainvoke("hello")).content for _ in range(3)}
    assert texts == {student.invoke("hello").content} != {""}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"temperature": -1}, "temperature=-1"),
        ({"top_p": 0}, "top_p=0"),
        ({"top_k": -3}, "top_k=-3"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_options_are_refused_and_hurt_nobody(student, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        student.invoke("hello", **options)
    assert student.invoke("hello", temperature=0.0, max_tokens=2).usage_metadata["output_tokens"] == 2


def test_a_prompt_longer_than_the_context_is_refused(student):
    with pytest.raises(ValueError, match="4096"):
        student.invoke("x" * 5000)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_call_that_the_cache_cannot_hold_is_refused_alone(load_tiny, engine):
    student = load_tiny(engine=engine, max_batch_tokens=256 if engine == "continuous" else 128)
    with pytest.raises(ValueError, match="raise max_batch_tokens"):
        student.invoke("hello", max_tokens=300)
    assert student.invoke("hello", max_tokens=2).usage_metadata["output_tokens"] == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_waiting_calls_hold_no_tensors(load_tiny, engine):
    import torch

    student = load_tiny(engine=engine, max_batch_size=2, max_batch_tokens=256)

    async def crowd():
        tasks = [asyncio.create_task(student.ainvoke(f"call {i}", max_tokens=60)) for i in range(2000)]
        await asyncio.sleep(0.3)
        tensors = sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return tensors

    assert asyncio.run(crowd()) < 300


@pytest.mark.parametrize("engine", ENGINES)
def test_close_ends_calls_under_way_with_an_error(load_tiny, watch, engine):
    student, failures = load_tiny(engine=engine, max_batch_size=4), []

    def call():
        try:
            student.invoke("hello", max_tokens=3500)
        except RuntimeError as error:
            failures.append(str(error))

    calls = watch(student)
    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    while len(calls) < len(threads):
        time.sleep(0.002)
    student.close()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert len(failures) == len(threads)
    assert all("closed" in failure for failure in failures)
    with pytest.raises(RuntimeError, match="load it again"):
        student.invoke("again")


def test_logprobs_are_told_in_the_form_of_openai(student):
    reply = student.invoke("hello", logprobs=True, top_logprobs=3, max_tokens=5)
    content = reply.response_metadata["logprobs"]["content"]
    assert len(content) == reply.usage_metadata["output_tokens"] == 5
    assert bytes(byte for entry in content for byte in entry["bytes"]).decode(errors="replace") == reply.content
    for entry in content:
        best = entry["top_logprobs"][0]
        assert (entry["token"], entry["logprob"]) == (best["token"], pytest.approx(best["logprob"], abs=0.02))
        assert len(entry["top_logprobs"]) == 3
        assert 0 >= best["logprob"] >= entry["top_logprobs"][1]["logprob"]


async def test_logprobs_are_the_same_however_a_call_is_made(student):
    options = {"logprobs": True, "temperature": 1.0, "seed": 3, "max_tokens": 6}
    whole = student.invoke("hello", **options).response_metadata["logprobs"]["content"]
    last = list(student.stream("hello", **options))[-1].response_metadata["logprobs"]["content"]
    later = (await student.ainvoke("hello", **options)).response_metadata["logprobs"]["content"]
    values = [[entry["logprob"] for entry in content] for content in (whole, last, later)]
    assert values[0] == pytest.approx(values[1], abs=0.01)
    assert values[0] == pytest.approx(values[2], abs=0.01)
    assert all(value <= 0 for value in values[0])
    assert student.invoke("hello", max_tokens=2).response_metadata.get("logprobs") is None


def test_the_engines_agree_on_probabilities(load_tiny):
    told = []
    for engine in ENGINES:
        reply = load_tiny(engine=engine).invoke("hello", logprobs=True, max_tokens=4)
        told.append([entry["logprob"] for entry in reply.response_metadata["logprobs"]["content"]])
    assert told[0] == pytest.approx(told[1], abs=0.05)


def test_the_assistants_last_message_is_continued(student, plain):
    reply = student.invoke([("human", "hello"), ("ai", "Seven times six")])
    assert reply.content == plain("hello", begun="Seven times six") != plain("hello")
