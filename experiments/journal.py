"""The journal of an experiment: one sqlite file that is the truth. MLflow, tables and reports are filled from it."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..problems import Problem, ProblemSet

SUFFIX = ".journal.sqlite"
VERSION = 1

_SCHEMA = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists sets (name text primary key, source text not null, spec text not null) without rowid;
create table if not exists problems (
  set_name text, key text, position integer, problem_id text, question text, reference text, domain text, metadata text,
  primary key (set_name, key)) without rowid;
create table if not exists cells (id text primary key, position integer, spec text not null, prompts text) without rowid;
create table if not exists rows (
  cell_id text, key text, problem_id text, status text, answer text, score real, strict integer, error text, tries integer,
  attempts integer, n_steps integer, leaked integer, agreement real, finish_reason text,
  teacher_calls integer, teacher_input_tokens integer, teacher_output_tokens integer,
  student_calls integer, student_input_tokens integer, student_output_tokens integer, unknown_tokens integer,
  teacher_cost_usd real, student_cost_usd real, seconds real, started_ms integer, trace_id text, detail text,
  primary key (cell_id, key)) without rowid;
create table if not exists replies (
  teacher text, prompt_key text, set_name text, question text, prompt text, text text, finish_reason text,
  input_tokens integer, output_tokens integer, model_name text, cost_usd real, created_ms integer,
  primary key (teacher, prompt_key)) without rowid;
create table if not exists progress (
  cell_id text, step integer, ms integer, metrics text, primary key (cell_id, step)) without rowid;
create table if not exists sessions (id integer primary key, started_ms integer, ended_ms integer, done integer, outcome text);
"""

ROW_COLUMNS = (
    "cell_id", "key", "problem_id", "status", "answer", "score", "strict", "error", "tries", "attempts", "n_steps", "leaked",
    "agreement", "finish_reason", "teacher_calls", "teacher_input_tokens", "teacher_output_tokens", "student_calls",
    "student_input_tokens", "student_output_tokens", "unknown_tokens", "teacher_cost_usd", "student_cost_usd", "seconds",
    "started_ms", "trace_id", "detail",
)  # fmt: skip


class JournalBusy(RuntimeError):
    """Another run writes to this journal."""


class Journal:
    """Rows of problems by cell, replies of teachers, problem sets and progress of one experiment.

    Any number may read while one writes. What is written is committed at once, so that a killed run loses only the
    problems in flight.
    """

    def __init__(self, path: str | Path) -> None:
        """Open a journal, or create it.

        Raises:
            ValueError: the file is no journal, or of a newer version.
        """
        self.path = Path(path)
        self._lock: sqlite3.Connection | None = None
        self.db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        try:
            self.db.execute("pragma journal_mode = wal")
            self.db.execute("pragma synchronous = normal")
            self.db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self.db.close()
            if "disk is full" in str(error) or "unable to open" in str(error) or "readonly" in str(error):
                raise
            raise ValueError(f"{self.path} is no journal of this program ({error})") from error
        self.db.execute("insert or ignore into meta values ('version', ?), ('uuid', ?)", (str(VERSION), uuid.uuid4().hex))
        if int(self.get("version") or 0) > VERSION:
            raise ValueError(f"{self.path} was written by a newer version of this program; upgrade it")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and give up the right to write."""
        self.db.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def claim(self) -> None:
        """Become the one that writes, until `close` or the end of the process, however it ends.

        Raises:
            JournalBusy: another process is.
        """
        lock = sqlite3.connect(self.path.with_suffix(".lock"), timeout=0, isolation_level=None, check_same_thread=False)
        try:
            lock.execute("begin exclusive")
        except sqlite3.OperationalError as error:
            lock.close()
            raise JournalBusy(
                f"another run is writing to {self.path}; wait for it, or give this one another --experiment"
            ) from error
        self._lock = lock

    @property
    def uuid(self) -> str:
        """Of the experiment, for ever."""
        return self.get("uuid") or ""

    def get(self, key: str) -> str | None:
        """Return a value of the experiment itself."""
        found = self.db.execute("select value from meta where key = ?", (key,)).fetchone()
        return found[0] if found else None

    def set(self, key: str, value: str) -> None:
        """Keep a value of the experiment itself."""
        self.db.execute("insert or replace into meta values (?, ?)", (key, value))

    @contextmanager
    def together(self) -> Iterator[None]:
        """Commit all that is written inside at once."""
        self.db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")

    def add_problems(self, problems: ProblemSet, spec: Mapping[str, Any]) -> None:
        """Keep a problem set, so that reports need no other file."""
        with self.together():
            self.db.execute("insert or replace into sets values (?, ?, ?)", (problems.name, problems.source, json.dumps(spec)))
            self.db.executemany(
                "insert or replace into problems values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (problems.name, p.key, place, p.problem_id, p.question, p.reference, p.domain, _dump(dict(p.metadata)))
                    for place, p in enumerate(problems)
                ),
            )

    def problems(self, set_name: str) -> dict[str, Problem]:
        """Return the problems of a set by key, in order."""
        found = self.db.execute("select * from problems where set_name = ? order by position", (set_name,))
        return {
            row["key"]: Problem(
                row["question"], row["problem_id"], row["reference"], row["domain"], json.loads(row["metadata"])
            )
            for row in found
        }

    def add_cell(self, spec: Mapping[str, Any], prompts: Mapping[str, Any]) -> None:
        """Keep a cell (`Cell.as_dict`) and its prompt set (name, version, hash, texts)."""
        place = self.db.execute("select coalesce(max(position) + 1, 0) from cells").fetchone()[0]
        self.db.execute(
            "insert into cells values (?, ?, ?, ?) on conflict (id) do update set spec = excluded.spec",
            (spec["id"], place, _dump(spec), _dump(prompts)),
        )

    def cells(self) -> list[dict[str, Any]]:
        """Return the cells in the order in which they came."""
        found = self.db.execute("select spec, prompts from cells order by position")
        return [{**json.loads(row["spec"]), "prompt_set": json.loads(row["prompts"])} for row in found]

    def finished(self, cell_id: str) -> dict[str, bool]:
        """Return the keys of the problems that were tried, and whether each must be tried again: an error, or it waits."""
        found = self.db.execute("select key, status in ('error', 'waiting') from rows where cell_id = ?", (cell_id,))
        return {key: bool(failed) for key, failed in found}

    def write_row(self, row: Mapping[str, Any]) -> None:
        """Keep the row of a problem; a row of the same cell and problem is replaced.

        Raises:
            sqlite3.OperationalError: the disk is full.
        """
        marks = ", ".join("?" for _ in ROW_COLUMNS)
        values = [row.get(column) for column in ROW_COLUMNS]
        values[-1] = _dump(row.get("detail") or {})
        self.db.execute(f"insert or replace into rows ({', '.join(ROW_COLUMNS)}) values ({marks})", values)

    def rows(self, cell_id: str, *, detail: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the rows of a cell in the order of its problems; `detail` adds steps, solution, flags, verdict, check."""
        columns = ROW_COLUMNS if detail else ROW_COLUMNS[:-1]
        found = self.db.execute(
            f"select {', '.join('r.' + column for column in columns)} from rows r join cells c on c.id = r.cell_id "
            "left join problems p on p.set_name = json_extract(c.spec, '$.problems') and p.key = r.key "
            "where r.cell_id = ? order by p.position",
            (cell_id,),
        )
        for row in found:
            values = dict(row)
            if detail:
                values["detail"] = json.loads(values["detail"] or "{}")
            yield values

    def reply(self, teacher: str, prompt_key: str) -> dict[str, Any] | None:
        """Return what a teacher said to a prompt before."""
        query = "select * from replies where teacher = ? and prompt_key = ?"
        found = self.db.execute(query, (teacher, prompt_key)).fetchone()
        return dict(found) if found else None

    def add_reply(self, reply: Mapping[str, Any]) -> None:
        """Keep what a teacher said: nobody pays for it again."""
        marks = ", ".join(f":{name}" for name in reply)
        self.db.execute(f"insert or replace into replies ({', '.join(reply)}) values ({marks})", dict(reply))

    def replies(self) -> Iterator[dict[str, Any]]:
        """Yield what teachers said, in order."""
        for row in self.db.execute("select * from replies order by created_ms, prompt_key"):
            yield dict(row)

    def counts(self, cell_id: str) -> dict[str, int]:
        """Return the number of rows by status."""
        return dict(
            self.db.execute("select status, count(*) from rows where cell_id = ? group by status", (cell_id,)).fetchall()
        )

    def add_progress(self, cell_id: str, step: int, metrics: Mapping[str, float], at_ms: int) -> None:
        """Keep a point of a cell's curves."""
        self.db.execute("insert or replace into progress values (?, ?, ?, ?)", (cell_id, step, at_ms, _dump(metrics)))

    def progress(self, cell_id: str) -> list[tuple[int, int, dict[str, float]]]:
        """Return the curves of a cell: step, Unix milliseconds, metrics."""
        found = self.db.execute("select step, ms, metrics from progress where cell_id = ? order by step", (cell_id,))
        return [(step, ms, json.loads(metrics)) for step, ms, metrics in found]

    def totals(self) -> dict[str, float | int | None]:
        """Return what was really paid: each teacher's reply once, all students' replies; `cost_usd` is None if unknown."""
        taught = self.db.execute(
            "select count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0), "
            "coalesce(sum(cost_usd is null), 0) from replies"
        ).fetchone()
        solved = self.db.execute(
            "select coalesce(sum(student_input_tokens), 0), coalesce(sum(student_output_tokens), 0), "
            "coalesce(sum(student_cost_usd), 0), coalesce(sum(student_cost_usd is null and student_calls > 0), 0) from rows"
        ).fetchone()
        return {
            "decompositions": taught[0],
            "teacher_tokens": taught[1] + taught[2],
            "student_tokens": solved[0] + solved[1],
            "cost_usd": None if taught[4] or solved[3] else taught[3] + solved[2],
            "known_cost_usd": taught[3] + solved[2],
        }

    def start_session(self) -> int:
        """Note that a run begins; returns its number."""
        return int(self.db.execute("insert into sessions (started_ms) values (?)", (now_ms(),)).lastrowid or 0)

    def end_session(self, session: int, done: int, outcome: str) -> None:
        """Note how a run ended."""
        values = (now_ms(), done, outcome, session)
        self.db.execute("update sessions set ended_ms = ?, done = ?, outcome = ? where id = ?", values)

    def sessions(self) -> list[dict[str, Any]]:
        """Return the runs so far."""
        return [dict(row) for row in self.db.execute("select * from sessions order by id")]


def journal_path(home: Path, experiment: str) -> Path:
    """Return where the journal of an experiment lies."""
    return home / f"{experiment.replace(' ', '_')}{SUFFIX}"


def find_journal(name: str, home: Path) -> Journal:
    """Open the journal of an experiment by its name, or by its path.

    Raises:
        FileNotFoundError: there is none; says which there are.
    """
    for path in (Path(name), journal_path(home, name)):
        if path.is_file():
            return Journal(path)
    known = [path.name.removesuffix(SUFFIX) for path in sorted(home.glob(f"*{SUFFIX}"))]
    raise FileNotFoundError(f"no experiment {name!r} in {home}; it has {', '.join(known) or 'none yet: tot run makes one'}")


def unpublished(home: Path) -> list[Path]:
    """Return the journals whose last state MLflow has not got."""
    return [path for path in sorted(home.glob(f"*{SUFFIX}")) if _published(path) == "0"]


def _published(path: Path) -> str | None:
    try:
        with Journal(path) as journal:
            return journal.get("published")
    except (ValueError, sqlite3.Error):
        return None


def now_ms() -> int:
    """Return Unix time in milliseconds."""
    return int(time.time() * 1000)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
