"""The queue over LangGraph's checkpoints, in sqlite and in Postgres."""

import getpass
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from langgraph.types import Command

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.asking.failures import ModelError
from trace_of_thought.review import AlreadyDecided, AlreadyTaken, export_items, import_decisions, open_queue
from trace_of_thought.review.errors import StoreError
from trace_of_thought.review.queue.paused_threads import paused_threads
from trace_of_thought.review.queue.review_store import ReviewStore

EDIT = {"type": "edit", "args": {"steps": ["Multiply six by seven."]}}


@pytest.fixture(scope="session")
def postgres():
    """The URL of a real server."""
    pytest.importorskip("langgraph.checkpoint.postgres")
    if not shutil.which("initdb") or not shutil.which("pg_ctl"):
        pytest.skip("needs a Postgres server")
    folder = Path(tempfile.mkdtemp(prefix="postgres"))  # its user cannot enter the folders of pytest
    data, options = folder / "data", f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    user = "postgres" if as_user else getpass.getuser()
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    try:
        subprocess.run([*as_user, "initdb", "-D", data, "-A", "trust", "-U", user], **run)
        subprocess.run([*as_user, "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"], **run)
        yield f"postgresql://{user}@/postgres?host={folder}"
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"Postgres does not start here ({error})")
    finally:
        subprocess.run([*as_user, "pg_ctl", "-D", data, "-m", "fast", "-w", "stop"], **{**run, "check": False})
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def store(request, tmp_path):
    return request.getfixturevalue("postgres") if request.param == "postgres" else str(tmp_path / "reviews.sqlite")


@pytest.fixture
def queue(store):
    opened = open_queue(store)
    yield opened
    if opened.store.postgres:
        tables = "checkpoints, checkpoint_writes, checkpoint_blobs, review_items, review_events, review_drafts, review_claims"
        with opened.store.engine.begin() as db:
            db.exec_driver_sql(f"truncate {tables} restart identity")
    opened.close()


def test_what_is_decided_is_what_the_student_gets(pause, queue, resume, student):
    [number] = pause(1)
    item = queue.item(number)
    assert (item.problem_id, item.teacher, item.steps) == ("p0", "planner", ["Multiply 6 by 7.", "State the product."])
    assert queue.decide(number, EDIT, reviewer="ann", seconds=12.34).state == "decided"
    output = resume()["t0"]
    assert (output["status"], output["steps"]) == ("correct", ["Multiply six by seven."])
    record = output["reviews"][0]
    assert (record["reviewer"], record["seconds"], record["edit_distance"]) == ("ann", 12.3, 6)
    assert record["steps"] == item.steps
    assert "State the product" not in student.calls[0]
    assert (queue.refresh(), queue.counts().waiting, queue.counts().decided) == (0, 0, 1)


def test_a_run_that_pauses_during_a_refresh_is_not_taken_for_gone(pause, queue, monkeypatch):
    def read_slowly(store):
        monkeypatch.undo()
        found = paused_threads(store)
        pause(1)  # another process pauses a run, and its refresh comes first
        return found

    monkeypatch.setattr("trace_of_thought.review.queue.queue.paused_threads", read_slowly)
    queue.refresh()
    assert [item.thread_id for item in queue.pending()] == ["t0"]


def test_of_two_reviewers_at_once_one_decides_and_the_other_is_told(pause, store, queue):
    [number] = pause(1)
    told, ready = [], threading.Barrier(6)

    def decide(name):
        own = open_queue(store)
        ready.wait()
        try:
            told.append(("done", own.decide(number, EDIT, reviewer=name).reviewer))
        except AlreadyDecided as error:
            told.append(("told", str(error)))
        own.close()

    threads = [threading.Thread(target=decide, args=(f"r{n}",)) for n in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(told) == len(threads)  # none died of another error, such as a locked database
    [winner] = [name for what, name in told if what == "done"]
    assert all(text.startswith(f"{winner} has decided on p0 already") for what, text in told if what == "told")
    assert len(queue.history()) == 1


def test_a_decision_can_be_undone_until_a_run_has_taken_it(pause, queue, resume):
    [number] = pause(1)
    queue.decide(number, "approve", reviewer="ann")
    assert queue.undo(number, reviewer="ann").state == "waiting"
    assert resume() == {}
    queue.decide(number, EDIT, reviewer="bob")
    resume()
    with pytest.raises(AlreadyTaken, match="cannot be undone any more"):
        queue.undo(number)
    assert [event["what"] for event in queue.history()] == ["edit", "undo", "approve"]


def test_of_many_that_take_a_decision_up_at_once_one_goes_on_with_it(pause, store, queue, student):
    [number] = pause(1)
    queue.decide(number, "approve")
    ready = threading.Barrier(4)

    def take_up(_):
        own = open_queue(store)
        with own.store.saver() as saver:
            graph = build_trace_of_thought(student, student, review="always", checkpointer=saver)
            ready.wait()
            outputs = own.take_up(graph)
        own.close()
        return outputs

    with ThreadPoolExecutor(4) as pool:
        assert sorted(map(len, pool.map(take_up, range(4)))) == [0, 0, 0, 1]
    assert len(student.calls) == 1


def test_a_decision_is_taken_once(pause, store, queue, resume):
    [number] = pause(1)
    item = queue.decide(number, "approve")
    claim, other = (item.thread_id, item.interrupt_id), open_queue(store)
    assert [queue.take(*claim), other.take(*claim), queue.take(*claim)] == [True, False, False]
    assert (other.answers(), resume()) == ({}, {})
    other.close()


DIES = """
import os, signal, sys
from trace_of_thought.review import open_queue
assert open_queue(sys.argv[1]).take(*sys.argv[2:])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_had_taken_is_taken_again_once(pause, store, queue, resume):
    [number] = pause(1)
    item = queue.decide(number, EDIT)
    killed = subprocess.run([sys.executable, "-c", DIES, store, item.thread_id, item.interrupt_id], check=False)
    assert (killed.returncode, queue.item(number).state) == (-signal.SIGKILL, "taken")
    assert resume()["t0"]["steps"] == ["Multiply six by seven."]
    assert not queue.take(item.thread_id, item.interrupt_id)
    assert resume() == {}


def test_a_run_that_failed_goes_on_where_it_was(pause, queue, resume, student):
    [number] = pause(1)
    queue.decide(number, EDIT)
    follow, student.script = student.script, lambda prompt: (_ for _ in ()).throw(ConnectionError("gone"))
    with pytest.raises(ModelError, match="gone"):
        resume()
    with pytest.raises(AlreadyTaken):
        queue.undo(number)
    student.script = follow
    assert resume()["t0"]["steps"] == ["Multiply six by seven."]
    assert resume() == {}


def test_a_claim_of_another_machine_holds_for_an_hour(pause, queue, monkeypatch):
    [number] = pause(1)
    item = queue.decide(number, "approve")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("socket.gethostname", lambda: "elsewhere")
        assert queue.take(item.thread_id, item.interrupt_id)
    assert not queue.take(item.thread_id, item.interrupt_id)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 3700)
    assert list(queue.answers()) == ["t0"]
    assert queue.take(item.thread_id, item.interrupt_id)


def test_a_rejection_brings_the_new_steps_back_to_the_queue(pause, queue, resume):
    [number] = pause(1)
    queue.decide(number, {"type": "reject", "message": "too short"})
    teacher = ScriptedChatModel(script=lambda prompt: "1. Take six.\n2. Take it seven times.")
    resume(teacher)
    assert queue.refresh() == 1
    assert resume() == {}
    [again] = queue.pending()
    assert again.steps == ["Take six.", "Take it seven times."]
    assert "too short" in teacher.calls[0]


def test_the_same_steps_again_are_not_rejected_by_themselves(pause, queue, resume):
    [number] = pause(1)
    queue.decide(number, {"type": "reject", "message": "again"})
    resume()
    queue.refresh()
    assert [item.state for item in queue.pending()] == ["waiting"]


def test_an_answer_from_another_program_closes_the_item(pause, queue, student):
    first, second = pause(2)
    with queue.store.saver() as saver:
        graph = build_trace_of_thought(student, student, review="always", checkpointer=saver)
        studio = {
            "decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": '{"steps": "[\\"Do it.\\"]"}'}}]
        }
        output = graph.invoke(Command(resume=studio), {"configurable": {"thread_id": "t0"}})
    assert output["steps"] == ["Do it."]
    queue.refresh()
    assert [item.number for item in queue.pending()] == [second]
    with pytest.raises(AlreadyDecided, match="another program"):
        queue.decide(first, "approve")


def test_filters_choose_and_count(pause, queue):
    pause(2, steps="1. 6 * 7 = 42.\n2. State it.", teacher=None)
    pause(1, start=5, problem_set="other")
    assert len(queue.pending(flag="computed_result")) == 2
    assert [item.problem_id for item in queue.pending(flag="none")] == ["p5"]
    assert queue.counts(problem_set="other").waiting == 1
    assert queue.choices()["problem_set"] == ["other", "sums"]


def test_json_goes_out_and_decisions_come_in(pause, queue, tmp_path):
    numbers = pause(4)
    file = tmp_path / "waiting.json"
    assert export_items(queue, file) == 4
    rows = json.loads(file.read_text())
    rows[0] |= {"decision": "approve", "reviewer": "ann"}
    rows[1] |= {"decision": "edit", "steps": ["Multiply."]}
    rows[2] |= {"decision": "perhaps"}
    queue.decide(numbers[0], "approve", reviewer="bob")
    file.write_text(json.dumps(rows))
    result = import_decisions(queue, file, reviewer="carl")
    assert (result.decided, result.undecided, set(result.refused)) == ([numbers[1]], 1, {numbers[0], numbers[2]})
    assert "bob has decided" in result.refused[numbers[0]]
    assert (queue.item(numbers[1]).reviewer, queue.item(numbers[1]).distance) == ("carl", 8)


def test_an_import_that_is_repeated_refuses_nothing_and_decides_nothing_anew(pause, queue, tmp_path):
    numbers = pause(3)
    file = tmp_path / "waiting.json"
    export_items(queue, file)
    decisions = [{"decision": "approve"}, {"decision": "edit", "steps": ["Multiply."]}, {"decision": "reject", "comment": "no"}]
    file.write_text(json.dumps([row | decision for row, decision in zip(json.loads(file.read_text()), decisions, strict=True)]))
    queue.decide(numbers[0], "approve", reviewer="carl")
    for decided, before in ((numbers[1:], 1), ([], 3)):
        result = import_decisions(queue, file, reviewer="carl")
        assert (result.decided, result.before, result.refused) == (decided, before, {})
    assert set(import_decisions(queue, file, reviewer="dora").refused) == set(numbers)


def test_the_file_s_own_reviewer_counts_and_another_store_s_items_do_not(pause, queue, tmp_path):
    first, second = pause(2)
    file = tmp_path / "waiting.json"
    export_items(queue, file)
    rows = json.loads(file.read_text())
    assert rows[0]["allowed"] == ["approve", "edit", "reject"]
    rows = [rows[0] | {"decision": "approve", "reviewer": "ann"}, rows[1] | {"decision": "approve", "subject": "elsewhere"}]
    file.write_text(json.dumps(rows))
    result = import_decisions(queue, file, reviewer="carl")
    assert queue.item(first).reviewer == "ann"
    assert result.refused == {second: "this item belongs to another store: export again"}
    assert queue.item(second).state == "waiting"


def test_an_answer_that_cannot_be_read_changes_nothing(pause, queue):
    [number] = pause(1)
    with pytest.raises(ValueError, match="at least one"):
        queue.decide(number, {"type": "edit", "args": {"steps": [" "]}})
    assert queue.item(number).state == "waiting"


def test_a_file_that_is_no_store_is_refused(tmp_path):
    (tmp_path / "x.sqlite").write_text("this is a text, and not a short one: sqlite wants a header of sixteen bytes")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_queue(tmp_path / "x.sqlite")
    with pytest.raises(StoreError, match="postgresql://"):
        open_queue("mysql://somewhere/x")


FIRST_RELEASE = Path(__file__).parent / "data" / "first_release.sqlite"


def test_a_review_that_the_first_release_stored_still_resumes(tmp_path):
    """The file was written by release 0.1.0: one run that waits, one decision that no run has taken yet."""
    shutil.copy(FIRST_RELEASE, tmp_path / "old.sqlite")
    queue = open_queue(tmp_path / "old.sqlite")
    queue.refresh()
    assert [item.problem_id for item in queue.pending()] == ["p1"]
    queue.decide(queue.pending()[0].number, "approve", reviewer="bob")
    student = ScriptedChatModel(script=lambda prompt: "Answer: 42")
    with queue.store.saver() as saver:
        outputs = queue.take_up(build_trace_of_thought(student, student, review="always", checkpointer=saver))
    assert {thread: output["status"] for thread, output in outputs.items()} == {"t0": "correct", "t1": "correct"}
    assert outputs["t0"]["steps"] == ["Multiply six by seven."]
    assert outputs["t1"]["reviews"][0]["reviewer"] == "bob"
    queue.close()


def test_many_open_a_new_store_at_once(store):
    together = threading.Barrier(20)

    def secret(_):
        together.wait()
        opened = ReviewStore(store)
        try:
            return opened.secret()
        finally:
            opened.close()

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(secret, range(20)))) == 1


@pytest.mark.parametrize("name", ["what?", "c%41d", "a#b"])
def test_a_store_lies_in_a_folder_of_any_name(tmp_path, name):
    (tmp_path / name).mkdir()
    store = ReviewStore(tmp_path / name / "reviews.sqlite")
    store.close()
    with closing(sqlite3.connect(tmp_path / name / "reviews.sqlite")) as db:
        tables = {table for (table,) in db.execute("select name from sqlite_master")}
    assert {"writes", "checkpoints"} <= tables
    assert [path.name for path in tmp_path.iterdir()] == [name]
