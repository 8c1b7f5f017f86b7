import asyncio
import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hostile import HOSTILE

from trace_of_thought.programs import run_program

GOOD = "```python\ndef solution():\n    return 6 * 7\n```"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_ends_in_an_error_and_the_next_one_runs(name):
    run = run_program(f"```python\n{HOSTILE[name]}\n```")
    assert run.answer is None
    assert run.error
    assert len(run.error) < 700
    assert run_program(GOOD).answer == "42"


def test_there_are_at_least_forty():
    assert len(HOSTILE) >= 40


def test_programs_run_in_threads():
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(run_program, [GOOD, f"```python\n{HOSTILE['recursion']}\n```"] * 20))
    assert [run.answer for run in runs] == ["42", None] * 20


def test_programs_run_beside_an_event_loop():
    async def many():
        return await asyncio.gather(
            *(asyncio.to_thread(run_program, GOOD) for _ in range(20)), asyncio.sleep(0, run_program(GOOD))
        )

    assert {run.answer for run in asyncio.run(many())} == {"42"}


def test_programs_run_in_a_spawned_process():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(run_program, (GOOD,)).answer == "42"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_forked_after_a_program_refuses_and_the_parent_goes_on():
    assert run_program(GOOD).answer == "42"
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            run_program(GOOD)
            said = "no error"
        except RuntimeError as error:
            said = str(error)
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        assert "start it with 'spawn'" in pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    assert run_program(GOOD).answer == "42"
