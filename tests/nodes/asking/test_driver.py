import asyncio
import threading

import pytest

from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.asking.driver import Ask, ModelNode, Reply
from trace_of_thought.nodes.asking.failures import ModelError


def ask_three(state):
    first, second = yield [Ask(state["question"], {"seed": 1, "colour": "red"}), Ask("b", {"seed": 2})]
    [third] = yield [Ask(first.text + second.text)]
    return {"solution": third.text}


@pytest.mark.parametrize("run", [lambda node, state: node.invoke(state), lambda node, state: asyncio.run(node.ainvoke(state))])
def test_a_plan_gets_its_replies_in_order(run):
    model = ScriptedChatModel(script={"ab": "done", "a": "a", "b": "b"})
    update = run(ModelNode(ask_three, model, "student"), {"question": "a"})
    assert update["solution"] == "done"
    assert update["usage"]["student"]["calls"] == 3
    assert {"seed": 1} in model.options


@pytest.mark.parametrize("asynchronous", [False, True])
def test_prompts_that_are_yielded_at_once_run_together(asynchronous):
    barrier = threading.Barrier(2, timeout=10)

    def answer(prompt):
        if prompt in ("a", "b"):
            barrier.wait()
        return prompt

    node = ModelNode(ask_three, ScriptedChatModel(script=answer), "student")
    state = {"question": "a"}
    update = asyncio.run(node.ainvoke(state)) if asynchronous else node.invoke(state)
    assert update["solution"] == "ab"


def test_usage_adds_to_what_was_there_and_counts_unknown_tokens():
    class Silent(ScriptedChatModel):
        def _reply(self, messages, options):
            reply = super()._reply(messages, options)
            reply.usage_metadata = None
            return reply

    before = {"student": {"calls": 1, "input_tokens": 5, "output_tokens": 5, "unknown": 0}}
    node = ModelNode(ask_three, Silent(script=str), "student")
    usage = node.invoke({"question": "a", "usage": before})["usage"]
    assert usage["student"] == {"calls": 4, "input_tokens": 5, "output_tokens": 5, "unknown": 3}


async def test_one_failure_among_several_is_the_cause():
    node = ModelNode(ask_three, ScriptedChatModel(script={"a": ConnectionError("gone"), "b": "b"}), "student")
    with pytest.raises(ModelError, match="gone; while asking the student") as caught:
        await node.ainvoke({"question": "a"})
    assert isinstance(caught.value.__cause__, ConnectionError)


@pytest.mark.parametrize(("reason", "truncated"), [("stop", False), ("length", True), ("max_tokens", True), (None, False)])
def test_a_reply_knows_whether_it_was_cut(reason, truncated):
    assert Reply("x", reason).truncated is truncated


async def test_a_plan_that_computes_leaves_the_event_loop_alone():
    computing, heard = threading.Event(), threading.Event()

    def compute(state):
        yield [Ask("a")]
        computing.set()
        return {"solution": "heard" if heard.wait(10) else "not heard"}

    async def listen():
        while not computing.is_set():
            await asyncio.sleep(0.01)
        heard.set()

    node = ModelNode(compute, ScriptedChatModel(script=str), "student")
    update, _ = await asyncio.gather(node.ainvoke({"question": "a"}), listen())
    assert update["solution"] == "heard"
