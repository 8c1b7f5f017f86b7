"""Files of a journal that are flipped, cut, overwritten or locked: one clear message, and what can be read is recovered."""

import asyncio
import errno
import json
import os
import random
import sqlite3

import pytest

from trace_of_thought.experiments.journal.find_journal import find_journal
from trace_of_thought.experiments.journal.journal import Journal
from trace_of_thought.experiments.journal.repair import repair_journal
from trace_of_thought.review import open_queue
from trace_of_thought.review.errors import StoreError

PROBLEMS = 60


@pytest.fixture
def whole(tot, hostile, tmp_path):
    """The journal of a finished run, its bytes, and the command that made it."""
    lines = (f'{{"question": "What is {n} + 1?", "reference": "4", "id": "p{n}"}}\n' for n in range(PROBLEMS))
    (tmp_path / "p.jsonl").write_text("".join(lines))
    command = ["run", "--problems", "p.jsonl", "--student", "openai:s", "--base-url", hostile.url, "--methods", "standard"]
    command.append("--no-tracking")
    code, output = tot(*command)
    assert code == 0, output
    with find_journal("experiment", tmp_path / ".trace_of_thought") as journal:
        journal.fold()
        path = journal.path
    return path, path.read_bytes(), command


def damaged(content, kind, chance):
    """Return a file's bytes after something happened to them."""
    at = chance.randrange(len(content))
    return {
        "flipped": content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :],
        "overwritten": content[:at] + chance.randbytes(min(6000, len(content) - at)) + content[at + 6000 :],
        "zeroed": content[:at] + bytes(min(4096, len(content) - at)) + content[at + 4096 :],
        "cut": content[:at],
    }[kind]


def rows_of(path):
    with Journal(path) as journal:
        return {row["key"]: row for cell in journal.cells() for row in journal.rows(cell["id"], detail=True)}


def refusal(use, path):
    """Return what is said of a file that cannot be used; an error of SQLite is not caught: somebody must explain it."""
    try:
        use(path)
    except (OSError, ValueError) as error:
        return str(error)


@pytest.mark.parametrize("kind", ["flipped", "overwritten", "zeroed", "cut"])
def test_a_damaged_journal_is_read_refused_or_repaired_and_nothing_else(whole, fault_seed, kind):
    path, content, _ = whole
    chance, before = random.Random(fault_seed), rows_of(path)
    for _ in range(12):
        path.write_bytes(damaged(content, kind, chance))
        assert str(path) in (refusal(rows_of, path) or str(path))
        for file in path.parent.iterdir():
            if file != path and "journal" in file.name:
                file.unlink()
        path.write_bytes(damaged(content, kind, chance))
        if refused := refusal(repair_journal, path):
            assert str(path) in refused
            continue
        found = rows_of(path)
        assert len(set(found) - set(before)) <= 1  # damage within the text of a key cannot be seen
        assert all(row["status"] == before[key]["status"] for key, row in found.items() if key in before)


def test_after_a_repair_the_same_command_solves_what_is_missing_and_nothing_else(whole, tot, hostile):
    path, content, command = whole
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes(range(256)) * 32 + content[middle + 256 * 32 :])
    code, output = tot("report", "--no-tracking")
    assert code == 1
    assert "is damaged" in output
    assert "tot repair experiment" in output
    code, output = tot("repair", "experiment")
    assert code == 0, output
    left = PROBLEMS - len(rows_of(path))
    assert left > 0
    assert f"missing: {left} rows" in output
    asked = len(hostile.asked)
    assert tot(*command)[0] == 0
    assert len(hostile.asked) - asked == left


def test_damage_that_sqlite_quotes_in_its_message_is_explained(whole):
    path, _, _ = whole
    with sqlite3.connect(path) as db:
        db.execute("pragma writable_schema = on")
        db.execute("insert into sqlite_master values ('table', cast(x'ff41' as text), 'x', 0, 'no SQL')")
    db.close()
    assert f"the journal {path} is damaged" in refusal(rows_of, path)
    assert repair_journal(path) is not None
    assert len(rows_of(path)) == PROBLEMS


def test_a_repair_of_a_sound_journal_changes_nothing(whole, tot):
    path, content, _ = whole
    files = sorted(path.parent.iterdir())
    for _ in range(2):
        assert tot("repair", "experiment") == (0, f"Nothing is damaged in {path}; the file is left as it is.\n")
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == (content, files)
    with Journal(path) as journal:
        journal.db.execute("update rows set detail = 'no JSON' where key = (select key from rows limit 1)")
    assert "missing: 1 row of" in tot("repair", "experiment")[1]


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_no_damage(whole, tot, monkeypatch):
    path, content, _ = whole
    files = sorted(path.parent.iterdir())
    monkeypatch.setattr("trace_of_thought.experiments.journal.salvage.shutil.copy", full_disk)
    code, output = tot("repair", "experiment")
    assert code == 1
    assert f"error: cannot repair the journal {path}: No space left on device. Its contents are safe" in output
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == (content, files)


@pytest.mark.parametrize("broken", [False, True])
def test_a_journal_of_a_newer_version_is_not_repaired(whole, tot, broken):
    path, _, _ = whole
    with Journal(path) as journal:
        journal.set("version", "999")
        journal.fold()
    if broken:  # at its beginning, so that only the records of its pages can be read
        path.write_bytes(path.read_bytes()[:16] + bytes(84) + path.read_bytes()[100:])
    content, files = path.read_bytes(), sorted(path.parent.iterdir())
    code, output = tot("repair", "experiment")
    assert code == 1
    assert f"error: {path} was written by a newer version of this program; upgrade it" in output
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == (content, files)


def test_a_journal_that_another_program_locks_is_named(whole, tot, monkeypatch):
    path, _, command = whole
    monkeypatch.setattr("trace_of_thought.experiments.journal.tables.PATIENCE_S", 0.2)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("pragma locking_mode = exclusive")
    lock.execute("begin exclusive")
    try:
        code, output = tot(*command)
    finally:
        lock.close()
    assert code == 1
    assert f"error: the journal {path} cannot be used: database is locked" in " ".join(output.split())
    assert tot(*command)[0] == 0


@pytest.mark.parametrize(
    ("file", "advice"), [("reviews.sqlite", "move the file away"), ("../mlflow.db", "move it away, and a new one is made")]
)
def test_other_stores_that_are_garbage_are_named_with_what_to_do(tot, tmp_path, fault_seed, file, advice):
    (tmp_path / ".trace_of_thought").mkdir()
    (tmp_path / ".trace_of_thought" / file).write_bytes(random.Random(fault_seed).randbytes(9000))
    run = ["run", "--problems", "sample", "--limit", "1", "--student", "recorded:sample", "--methods", "standard"]
    code, output = tot(*(["review", "export", "x.json"] if "reviews" in file else run))
    assert code == 1
    assert advice in " ".join(output.split())
    assert "Traceback" not in output


@pytest.fixture
def paused(tmp_path, monkeypatch):
    """A store of reviews that waits only a moment for another program, and a function that does something under its lock."""
    monkeypatch.setattr("trace_of_thought.review.queue.review_store.PATIENCE_S", 0.2)
    monkeypatch.setattr("trace_of_thought.review.queue.async_sqlite.PATIENCE_S", 0.2)
    queue = open_queue(tmp_path / "reviews.sqlite")

    def locked(do):
        lock = sqlite3.connect(tmp_path / "reviews.sqlite", isolation_level=None)
        lock.execute("begin immediate")
        try:
            with pytest.raises(
                StoreError, match=r"reviews\.sqlite cannot be (used|opened): database is locked; .*end that program"
            ):
                do()
        finally:
            lock.close()

    yield queue, locked
    queue.close()


def test_reviews_that_another_program_locks_are_named_with_what_to_do(paused, tmp_path):
    queue, locked = paused
    locked(lambda: open_queue(tmp_path / "reviews.sqlite"))
    locked(lambda: queue.store._note("key", "value"))
    queue.store._note("key", "value")


def test_a_checkpoint_that_another_program_locks_names_the_store(paused):
    queue, locked = paused
    config = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}

    async def write():
        async with queue.store.asaver() as saver:
            await saver.aput_writes({"configurable": {**config["configurable"], "checkpoint_id": "1"}}, [("c", 1)], "task")

    locked(lambda: asyncio.run(write()))
    asyncio.run(write())


def test_a_journal_that_is_locked_while_teachers_plan_ends_the_run_before_more_is_paid(tot, hostile, tmp_path, monkeypatch):
    monkeypatch.setattr("trace_of_thought.experiments.journal.tables.PATIENCE_S", 0.2)
    rows = ({"question": f"What is {n} + 2?", "reference": "4", "id": str(n)} for n in range(30))
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    journal, locks = tmp_path / ".trace_of_thought" / "experiment.journal.sqlite", []

    def teacher(prompt):
        if not locks:
            locks.append(sqlite3.connect(journal, isolation_level=None, check_same_thread=False))
            locks[0].execute("begin immediate")
        return "1. Look at it.\n2. Add 2."

    hostile.texts = {"teacher": teacher}
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", hostile.url, "--concurrency", "2"]
    words = ["run", "--problems", "p.jsonl", *models, "--methods", "trace_of_thought", "--review", "always", "--no-tracking"]
    code, output = tot(*words)
    locks[0].close()
    assert (code, "end the program that has locked it" in " ".join(output.split())) == (1, True), output
    assert len({prompt for _, prompt in hostile.asked}) <= 4
    code, output = tot(*words)
    assert (code, "30 solutions waiting for a review" in output) == (0, True), output
