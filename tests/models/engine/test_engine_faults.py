"""An engine that fails: nobody waits for ever, and only the call that cannot be served fails."""

import gc
import os
import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("torch")


ENGINES = ["openvino", "continuous"]


def fail_when(student, poisoned):
    """Make the model raise whenever `poisoned(input_ids)`."""
    model = student.llm.pipeline.model
    forward = model.forward

    def faulty(*args, **kwargs):
        if poisoned(kwargs["input_ids"]):
            raise RuntimeError("a broken kernel")
        return forward(*args, **kwargs)

    model.forward = faulty


@pytest.mark.slow
def test_only_the_call_that_breaks_the_engine_fails(load_tiny):
    student = load_tiny(engine="continuous", max_tokens=8, temperature=1.0, seed=5)
    poison = student.tokenizer("~", add_special_tokens=False)["input_ids"][0]
    expected = [student.invoke(prompt).content for prompt in ("good", "fine")]
    fail_when(student, lambda ids: bool((ids == poison).any()) and ids.shape[-1] > 1)
    replies = student.batch(["good", "bad ~~~", "fine"], return_exceptions=True)
    assert [replies[0].content, replies[2].content] == expected
    assert isinstance(replies[1], RuntimeError)
    assert "broken kernel" in str(replies[1])
    assert student.invoke("good").content == expected[0]


def test_only_the_call_that_ends_the_worker_fails(load_tiny, monkeypatch):
    student = load_tiny(engine="openvino", max_tokens=8, temperature=1.0, seed=5)
    expected = [student.invoke(prompt).content for prompt in ("good", "fine")]
    from trace_of_thought.models.engine import openvino_engine

    request = openvino_engine._request

    def break_it(generation):
        call = request(generation)
        return {**call, "form": {"regex": "((("}} if len(generation.prompt) > 55 else call

    monkeypatch.setattr(openvino_engine, "_request", break_it)
    replies = student.batch(["good", "bad " * 10, "fine"], return_exceptions=True)
    assert [replies[0].content, replies[2].content] == expected
    assert isinstance(replies[1], RuntimeError)
    assert "also alone" in str(replies[1])


def test_a_worker_that_is_killed_is_started_again_and_its_calls_are_served(load_tiny):
    student = load_tiny(engine="openvino", max_tokens=3000, temperature=1.0, seed=5)
    whole = student.invoke("hello").content
    stream = student.stream("hello")
    text = next(stream).text
    student._service.engine._worker._process.kill()
    assert text + "".join(chunk.text for chunk in stream) == whole


def test_a_killed_scorer_is_started_again(load_tiny):
    student = load_tiny(engine="openvino", max_tokens=4, logprobs=True, top_logprobs=2)
    told = student.invoke("hello").response_metadata["logprobs"]
    student._service.engine._scorer._process.kill()
    assert student.invoke("hello").response_metadata["logprobs"] == told


def test_a_student_that_is_forgotten_leaves_no_process_behind(load_tiny_session):
    student = load_tiny_session(engine="openvino")
    process = student._service.engine._worker._process
    del student
    gc.collect()
    assert process.wait(20) is not None


def test_an_engine_that_cannot_be_built_fails_the_call(load_tiny):
    student = load_tiny(engine="continuous", attn_implementation="flex_attention")
    with pytest.raises(RuntimeError, match="flex_attention is not supported"):
        student.invoke("hello", timeout=30)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_thread_that_dies_leaves_no_call_waiting_and_a_new_one_starts(load_tiny, engine):
    student = load_tiny(engine=engine, max_tokens=8)
    student.invoke("warm")
    served = student._service.engine
    turn, served.turn = served.turn, lambda newcomers: (_ for _ in ()).throw(SystemExit())
    with pytest.raises(RuntimeError, match="thread of the student ended"):
        student.invoke("hello")
    served.turn = turn
    assert student.invoke("hello", max_tokens=2).usage_metadata["output_tokens"] == 2


def run(code, folder):
    script = "from trace_of_thought.models.chat.batched import BatchedChatHuggingFace\n" + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, timeout=120, check=False)


LOAD = (
    "import sys, threading, time\n"
    "student = BatchedChatHuggingFace.from_model_id(sys.argv[1], device='cpu', max_tokens=400, engine={!r})\n"
)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_the_interpreter_ends_while_calls_run(tiny_folder, engine):
    code = LOAD.format(engine) + "threading.Thread(target=student.invoke, args=('x',), daemon=True).start()\ntime.sleep(.3)"
    assert run(code, tiny_folder).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_ends_a_call(tiny_folder, engine):
    code = LOAD.format(engine) + (
        "import os, signal\n"
        "threading.Timer(.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "try:\n    student.batch(['x'] * 400)\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
    )
    assert "interrupted" in run(code, tiny_folder).stdout


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_forked_child_can_use_the_student(tiny_folder, engine):
    code = LOAD.format(engine) + (
        "import os\nexpected = student.invoke('hello', max_tokens=6, top_logprobs=2).content\n"
        "child = os.fork()\n"
        "if child == 0:\n    os._exit(0 if student.invoke('hello', max_tokens=6, top_logprobs=2).content == expected else 1)\n"
        "print('child', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert "child 0" in run(code, tiny_folder).stdout
