import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from trace_of_thought.verification import check_solution, close_workers, extract_answer, verify_answer

DATA = Path(__file__).parents[3].parent / "shared" / "data"
STATUSES = {"correct", "incorrect", "no_answer", "timeout", "bad_reference"}


SERIAL = count()


def for_a_worker():
    """A response and reference that only a worker can compare, new each time so that no answer is remembered."""
    number = next(SERIAL)
    return f"So it is $y + \\sin(x) + {number}$.", f"\\sin(x)+y+{number}"


def right_after():
    return verify_answer(*for_a_worker()).status == "correct"


@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")
def test_hostile_answers_get_a_verdict_and_the_next_check_is_right():
    for line in (DATA / "hostile_answers.jsonl").open():
        text = json.loads(line)["text"]
        for reference in ("41", "x^2"):
            assert verify_answer(text, reference, timeout=2).status in STATUSES - {"correct"}
        check_solution(text)
        assert verify_answer("x^2", text, timeout=2).status in STATUSES
        assert right_after()
    assert not list(Path("/tmp").glob("pwned_*"))


def test_comparison_that_hangs_is_a_timeout_and_the_worker_is_replaced():
    from trace_of_thought.verification.equivalence.pool import compare

    assert compare("\\sin(x)^{2000}\\cdot(x+y+z)^{3000}", "(x+y+z)^{3000}\\cdot\\cos(x+1)^{1999}", 0.3) == "timeout"
    assert right_after()


def test_comparison_that_eats_its_memory_has_no_verdict_and_the_next_is_right():
    from trace_of_thought.verification.equivalence.pool import compare

    assert compare("(1+x)^{999999999}", "3^{7}", 60) == "timeout"
    assert right_after()


def test_a_large_parent_does_not_hide_what_a_comparison_eats():
    from trace_of_thought.verification.equivalence import pool

    model = b"x" * (1200 << 20)
    assert pool.WorkerPool(1).ask("(1+x)^{999999998}", "3^{7}", 60) == "timeout"
    assert len(model)


def test_worker_killed_in_mid_check_is_a_timeout_and_is_replaced():
    from trace_of_thought.verification.equivalence import pool

    mine = pool.WorkerPool(1)
    assert mine.ask("x+y", "y+x", 60) == "equal"
    [worker] = mine._idle
    os.kill(worker._process.pid, signal.SIGSTOP)
    killer = threading.Timer(0.2, os.kill, (worker._process.pid, signal.SIGKILL))
    killer.start()
    assert mine.ask("x+y", "y+x", 60) == "timeout"
    assert mine.ask("x+y", "y+x", 60) == "equal"
    mine.close()


def test_worker_killed_while_idle_is_not_noticed():
    assert right_after()
    from trace_of_thought.verification.equivalence import pool

    for worker in pool._shared.pool._idle:
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.wait()
    assert verify_answer("Answer: q + \\cos(p)", "\\cos(p) + q").status == "correct"


def test_without_posix_limits_numbers_work_and_the_rest_says_so(monkeypatch):
    from trace_of_thought.verification.equivalence import comparing

    comparing._remembered.cache_clear()
    monkeypatch.setitem(sys.modules, "resource", None)
    assert verify_answer("Answer: 1/2", "0.5").status == "correct"
    with pytest.warns(RuntimeWarning, match="WSL"):
        assert verify_answer("Answer: \\sin(x)", "\\cos(y)").status == "timeout"


def test_works_from_threads_and_async_code():
    results = []
    threads = [threading.Thread(target=lambda: results.append(right_after())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 6

    async def many():
        return await asyncio.gather(*(asyncio.to_thread(right_after) for _ in range(4)))

    assert asyncio.run(many()) == [True] * 4


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_works_in_child_processes(method):
    assert right_after()
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(verify_answer, for_a_worker()).status == "correct"


def test_no_worker_outlives_its_process():
    code = (
        "from trace_of_thought.verification import verify_answer; from trace_of_thought.verification.equivalence import pool;"
        r"assert verify_answer('Answer: y+\sin(x)', r'\sin(x)+y').status == 'correct';"
        "print(*[w._process.pid for w in pool._shared.pool._idle])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    [pid] = done.stdout.split()
    assert not Path(f"/proc/{pid}").exists()


def test_workers_can_be_closed_and_come_back():
    assert right_after()
    close_workers()
    assert verify_answer("Answer: b + \\sin(a)", "\\sin(a) + b").status == "correct"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_no_text_crashes(text):
    extract_answer(text, question=text)
    check_solution(text, steps=[text])
    assert verify_answer(text, "17/23", question=text, timeout=2).status in STATUSES


@settings(max_examples=150, deadline=None)
@given(
    st.integers(-(10**9), 10**9),
    st.integers(1, 10**6),
    st.sampled_from(["Answer: {}", "So the total is {}.", "\\boxed{{{}}}", "She has {} apples left."]),
)
def test_changed_answer_is_never_correct(value, change, form):
    assert verify_answer(form.format(value), str(value)).status == "correct"
    assert verify_answer(form.format(value + change), str(value)).status == "incorrect"


def test_a_range_that_is_one_number_in_disguise_is_no_crash():
    text = "٤٤,٤٤٤,٤-٤٤"
    assert verify_answer(text, "17/23", question=text).status != "correct"
