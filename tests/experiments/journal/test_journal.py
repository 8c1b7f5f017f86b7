"""The journal's file: many open it at once, and what is no journal is left as it is."""

import sqlite3
import subprocess
import sys

import pytest

from trace_of_thought.experiments.journal.find_journal import journal_path, unpublished
from trace_of_thought.experiments.journal.journal import Journal
from trace_of_thought.experiments.journal.tables import JournalBusy

OPEN_TOGETHER = """
import os, sys, time
from pathlib import Path
from trace_of_thought.experiments.journal.journal import Journal

def open_at(moment, path):
    time.sleep(max(0.0, moment - time.time()))
    with Journal(path) as journal:
        journal.set(str(os.getpid()), "here")

for number in range(15):
    path, moment = Path(sys.argv[1]) / f"{number}.journal.sqlite", time.time() + 0.03
    children = []
    for _ in range(20):
        child = os.fork()
        if not child:
            status = 1
            try:
                open_at(moment, path)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    failed = sum(os.waitpid(child, 0)[1] != 0 for child in children)
    with Journal(path) as journal:
        print(failed, sum(journal.get(str(child)) == "here" for child in children))
"""


def test_twenty_processes_open_a_new_journal_at_once(tmp_path):
    done = subprocess.run([sys.executable, "-c", OPEN_TOGETHER, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (done.stdout.splitlines(), done.stderr) == (["0 20"] * 15, "")


def test_two_runs_on_one_journal_are_refused(tmp_path):
    path = journal_path(tmp_path, "e")
    with Journal(path) as first, Journal(path) as second:
        first.claim()
        with pytest.raises(JournalBusy, match="another run is writing"):
            second.claim()
        assert second.cells() == []
    with Journal(path) as third:
        third.claim()


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    path = tmp_path / "x.journal.sqlite"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(ValueError, match="is not a journal"):
        Journal(path)
    assert unpublished(tmp_path) == []


def test_the_database_of_another_program_stays_as_it_is(tmp_path):
    path = tmp_path / "mlflow.db"
    with sqlite3.connect(path) as db:
        db.execute("create table runs (id text)")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="another program's database"):
        Journal(path)
    assert path.read_bytes() == before


def test_a_full_disk_is_explained(tmp_path):
    path = tmp_path / "e.journal.sqlite"

    def fill():
        with Journal(path) as journal:
            pages = journal.db.execute("pragma page_count").fetchone()[0]
            journal.db.execute(f"pragma max_page_count = {pages}")
            journal.set("name", "x" * 100_000)

    with pytest.raises(OSError, match=r"e\.journal\.sqlite cannot be used: .*full.*rerun the command to resume"):
        fill()
    with Journal(path) as journal:
        assert journal.get("name") is None


@pytest.mark.parametrize(
    ("code", "said"), [("SQLITE_FULL", "database or disk is full"), ("SQLITE_IOERR_SHMSIZE", "disk I/O error")]
)
def test_a_full_disk_is_not_another_run(tmp_path, monkeypatch, code, said):
    path = tmp_path / "e.journal.sqlite"

    def full(_):
        error = sqlite3.OperationalError(said)
        error.sqlite_errorcode = getattr(sqlite3, code)
        raise error

    def claim():
        with Journal(path) as journal:
            journal.claim()

    claim()
    monkeypatch.setattr("trace_of_thought.experiments.journal.tables.lock_of", full)
    with Journal(path) as journal:
        assert not journal.busy
    with pytest.raises(OSError, match=r"the disk is full\. Its contents are safe: free disk space, then"):
        claim()
