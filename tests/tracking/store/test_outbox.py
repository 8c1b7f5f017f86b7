"""Traces on disk until they are confirmed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from trace_of_thought.tracking.store.outbox import Outbox


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.sqlite")


def test_traces_wait_in_their_order_until_removed(outbox: Outbox) -> None:
    for number in range(5):
        outbox.add(f"tr-{number}", "{}", "here")
    assert [kept.trace_id for kept in outbox.next("here", owner=os.getpid(), limit=3)] == ["tr-0", "tr-1", "tr-2"]
    outbox.remove(["tr-0", "tr-1"])
    assert [kept.trace_id for kept in outbox.next("here", owner=None, limit=9)] == ["tr-2", "tr-3", "tr-4"]


def test_a_batch_has_at_most_four_megabytes_but_at_least_one_trace(outbox: Outbox) -> None:
    for number in range(4):
        outbox.add(f"tr-{number}", "x" * 1_500_000, "here")
    outbox.add("tr-big", "x" * 9_000_000, "there")
    assert len(outbox.next("here", owner=None, limit=9)) == 2
    assert len(outbox.next("there", owner=None, limit=9)) == 1


def test_stores_do_not_mix(outbox: Outbox) -> None:
    outbox.add("tr-1", "{}", "here")
    outbox.add("tr-2", "{}", "there")
    assert [kept.trace_id for kept in outbox.next("there", owner=None, limit=9)] == ["tr-2"]
    assert sorted(outbox.uris()) == ["here", "there"]


def test_refused_traces_wait_apart(outbox: Outbox) -> None:
    outbox.add("tr-1", "{}", "here")
    outbox.refuse("tr-1", "no such experiment")
    assert outbox.next("here", owner=None, limit=9) == []
    assert (outbox.count("here"), outbox.count("here", refused=True)) == (0, 1)
    assert outbox.refusals("here") == ["no such experiment"]
    outbox.retry_refused("here")
    assert outbox.count("here") == 1


def test_leftovers_of_dead_processes_are_adopted_those_of_living_ones_not(outbox: Outbox) -> None:
    code = (
        "import sys; from pathlib import Path; from trace_of_thought.tracking.store.outbox import Outbox;"
        "Outbox(Path(sys.argv[1])).add('tr-' + sys.argv[2], '{}', 'here'); print('ready', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(outbox.path)]
    dead = subprocess.Popen([*words, "dead"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    living = subprocess.Popen([*words, "living"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for process in (dead, living):
        assert process.stdout is not None
        process.stdout.readline()
    dead.kill()
    dead.wait()
    assert outbox.adopt("here") == 1
    assert [kept.trace_id for kept in outbox.next("here", owner=os.getpid(), limit=9)] == ["tr-dead"]
    living.communicate()


def test_many_threads_lose_nothing(outbox: Outbox) -> None:
    def write(part: int) -> None:
        for number in range(50):
            outbox.add(f"tr-{part}-{number}", "{}", "here")

    threads = [threading.Thread(target=write, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.count("here") == 400


def test_many_that_open_it_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    for number in range(8):
        path = tmp_path / f"{number}.sqlite"
        together = threading.Barrier(8)

        def write(part: int, path: Path = path, together: threading.Barrier = together) -> None:
            outbox = Outbox(path)
            together.wait()
            outbox.add(f"tr-{part}", "{}", "here")
            outbox.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        assert Outbox(path).count("here") == 8


def test_a_forked_child_gets_a_connection_of_its_own(outbox: Outbox) -> None:
    outbox.add("tr-parent", "{}", "here")
    child = os.fork()
    if child == 0:
        try:
            outbox.add("tr-child", "{}", "here")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert outbox.count("here") == 2


def test_held_traces_are_sent_only_when_they_are_released(outbox: Outbox) -> None:
    for number in range(3):
        outbox.hold(f"tr-{number}", "{}", "here", "run")
    outbox.hold("tr-other", "{}", "here", "another run")
    assert outbox.next("here", owner=None, limit=9) == []
    assert outbox.held(["run"]) == {"tr-0": True, "tr-1": True, "tr-2": True}
    outbox.release(["tr-1", "tr-1", "tr-unknown"])
    assert [kept.trace_id for kept in outbox.next("here", owner=os.getpid(), limit=9)] == ["tr-1"]
    outbox.discard(["tr-0"])
    assert outbox.held(["run", "another run"]) == {"tr-2": True, "tr-other": True}


def test_what_a_living_process_holds_is_not_ours(outbox: Outbox) -> None:
    outbox.hold("tr-1", "{}", "here", "run")
    outbox._write(("UPDATE held SET owner = ?", [(os.getppid(),)]))
    assert outbox.held(["run"]) == {"tr-1": False}
