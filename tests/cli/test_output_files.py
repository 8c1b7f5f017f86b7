"""Output files: whole or not at all, and never in the place of what a command reads."""

import sqlite3

import pytest

from trace_of_thought.cli.output_files import writing_file


def fail_halfway(out):
    with writing_file(out, "--out") as new:
        new.write_text("half of it")
        raise OSError(28, "No space left")


def test_a_failure_leaves_the_file_as_it_was(tmp_path):
    out = tmp_path / "rows.csv"
    for before in ("", "old"):
        if before:
            out.write_text(before)
        with pytest.raises(OSError, match=r"cannot write .*rows\.csv \(No space left\)"):
            fail_halfway(out)
        assert [file.read_text() for file in tmp_path.iterdir()] == [before] * bool(before)


def test_a_link_and_permissions_stay(tmp_path):
    out, link = tmp_path / "rows.csv", tmp_path / "link.csv"
    out.write_text("old")
    out.chmod(0o640)
    link.symlink_to(out)
    with writing_file(link, "--out") as new:
        new.write_text("new")
    assert (link.is_symlink(), out.read_text(), out.stat().st_mode & 0o777) == (True, "new", 0o640)


def test_a_database_is_not_overwritten(tmp_path):
    out = tmp_path / "e.journal.sqlite"
    with sqlite3.connect(out) as db:
        db.execute("create table rows (id text)")
    with pytest.raises(ValueError, match="is a database and would be overwritten"), writing_file(out, "--out") as new:
        new.write_text("rows")
