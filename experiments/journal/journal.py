"""The journal of an experiment: one sqlite file that is the truth. MLflow, tables and reports are filled from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ...problems import Problem, ProblemSet
from .tables import JournalFile, now_ms

ROW_COLUMNS = (
    "cell_id", "key", "problem_id", "status", "answer", "score", "strict", "error", "tries", "attempts", "n_steps", "leaked",
    "agreement", "finish_reason", "teacher_calls", "teacher_input_tokens", "teacher_output_tokens", "student_calls",
    "student_input_tokens", "student_output_tokens", "unknown_tokens", "teacher_cost_usd", "student_cost_usd", "seconds",
    "started_ms", "trace_id", "detail",
)  # fmt: skip


class Journal(JournalFile):
    """Rows of problems by cell, replies of teachers, problem sets and progress of one experiment.

    A killed run loses only the problems in flight.
    """

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

    def failed(self, cell_id: str, key: str) -> dict[str, Any] | None:
        """Return the row of a problem that ended as an error."""
        query = "select * from rows where cell_id = ? and key = ? and status = 'error'"
        found = self.db.execute(query, (cell_id, key)).fetchone()
        return dict(found) if found else None

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


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
