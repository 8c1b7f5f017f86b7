"""Signals in a row: the first ends a program in order, the next one at once."""

import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import asyncio, sys, time
from trace_of_thought.foundation.process_signals import Interruption

async def work():
    try:
        print("working", flush=True)
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("cancelled", flush=True)
        raise

with Interruption() as interruption:
    try:
        if sys.argv[1] == "async":
            interruption.run(work())
        else:
            print("working", flush=True)
            time.sleep(60)
    finally:
        print("closing", flush=True)
        time.sleep(float(sys.argv[2]))
        print("closed", flush=True)
"""


@pytest.fixture
def start():
    running = []

    def start(*words):
        command = [sys.executable, "-c", PROGRAM, *words]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        assert running[-1].stdout.readline() == "working\n"
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("how", ["async", "sync"])
def test_one_signal_ends_in_order_however_often_it_is_repeated_at_once(start, how, number):
    process = start(how, "0.1")
    process.send_signal(number)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert output.endswith("closing\nclosed\n")
    assert process.returncode in ((-signal.SIGINT, 130) if number == signal.SIGINT else (143,)), errors
    assert ("cancelled" in output) == (how == "async")


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_while_it_ends_is_obeyed_at_once_in_one_line(start, second):
    process = start("async", "60")
    process.send_signal(signal.SIGINT)
    assert [process.stdout.readline() for _ in range(2)] == ["cancelled\n", "closing\n"]
    time.sleep(0.7)
    process.send_signal(second)
    output, errors = process.communicate(timeout=60)
    assert (output, process.returncode) == ("", 128 + second)
    assert errors.strip() == "Interrupted again: left at once. What is finished is kept; rerun the command to resume."
