"""The journal of an experiment: one SQLite file, from which MLflow, tables and reports are filled. The door is `Journal`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from ...problems import Problem, ProblemSet
from .records import ROW_COLUMNS, CellValues, PromptTexts, Reply, Row, Session, Totals
from .tables import JournalFile, now_ms


class Journal(JournalFile):
    """The source of record of one experiment: problem sets, cells, rows, teacher replies, progress and sessions.

    Every write is committed at once, so a killed run loses only the problems in flight.
    """

    def add_problems(self, problems: ProblemSet, spec: Mapping[str, Any]) -> None:
        """Store a problem set and how it was loaded (`spec`), so that reports need no other file."""
        with self.together():
            self.db.execute("insert or replace into sets values (?, ?, ?)", (problems.name, problems.source, json.dumps(spec)))
            # problems of an earlier version of the set stay, without a position: rows may refer to them
            self.db.execute("update problems set position = null where set_name = ?", (problems.name,))
            self.db.executemany(
                "insert or replace into problems values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (problems.name, p.key, place, p.problem_id, p.question, p.reference, p.domain, _dump(dict(p.metadata)))
                    for place, p in enumerate(problems)
                ),
            )

    def problems(self, set_name: str) -> dict[str, Problem]:
        """Return the problems of a set by key, in the order of the set; last those that only an earlier version of it had."""
        query = "select * from problems where set_name = ? order by position is null, position"
        found = self.db.execute(query, (set_name,))
        return {
            row["key"]: Problem(row["question"], row["problem_id"], row["reference"], row["domain"], _load(row["metadata"]))
            for row in found
        }

    def add_cell(self, spec: CellValues, prompts: PromptTexts) -> None:
        """Store a cell (`Cell.as_dict`) and its prompt set. A known cell keeps its position; its labels are updated."""
        place = self.db.execute("select coalesce(max(position) + 1, 0) from cells").fetchone()[0]
        self.db.execute(
            "insert into cells values (?, ?, ?, ?) on conflict (id) do update set spec = excluded.spec",
            (spec["id"], place, _dump(spec), _dump(prompts)),
        )

    def cells(self) -> list[CellValues]:
        """Return the cells in the order in which they were added."""
        found = self.db.execute("select spec, prompts from cells order by position")
        return [cast(CellValues, {**_load(row["spec"]), "prompt_set": _load(row["prompts"])}) for row in found]

    def finished(self, cell_id: str) -> dict[str, bool]:
        """Return, by key of each problem with a row, whether it must run again because it failed or waits for review."""
        found = self.db.execute("select key, status in ('error', 'waiting') from rows where cell_id = ?", (cell_id,))
        return {key: bool(failed) for key, failed in found}

    def write_row(self, row: Row) -> None:
        """Store the row of a problem; an earlier row of the same cell and problem is replaced.

        Raises:
            sqlite3.OperationalError: the disk is full or the file cannot be written.
        """
        marks = ", ".join("?" for _ in ROW_COLUMNS)
        values = [_dump(row.get("detail") or {}) if column == "detail" else row.get(column) for column in ROW_COLUMNS]
        self.db.execute(f"insert or replace into rows ({', '.join(ROW_COLUMNS)}) values ({marks})", values)

    def failed(self, cell_id: str, key: str) -> Row | None:
        """Return the row of a problem if it is an error, else None. Its `detail` is the stored JSON text."""
        query = "select * from rows where cell_id = ? and key = ? and status = 'error'"
        found = self.db.execute(query, (cell_id, key)).fetchone()
        return cast(Row, dict(found)) if found else None

    def rows(self, cell_id: str, *, detail: bool = False) -> Iterator[Row]:
        """Yield the rows of a cell in the order of its problems.

        Args:
            cell_id: id of the cell.
            detail: also read the column `detail` (steps, solution, flags, verdict, ...), which is most of the file.
        """
        columns = [column for column in ROW_COLUMNS if detail or column != "detail"]
        found = self.db.execute(
            f"select {', '.join('r.' + column for column in columns)} from rows r join cells c on c.id = r.cell_id "
            # a left join keeps rows whose problem is no longer in the set
            "left join problems p on p.set_name = json_extract(c.spec, '$.problems') and p.key = r.key "
            "where r.cell_id = ? order by p.position is null, p.position",
            (cell_id,),
        )
        for row in found:
            values = dict(row)
            if detail:
                values["detail"] = _load(values["detail"] or "{}")
            yield cast(Row, values)

    def traced(self, trace_ids: Collection[str]) -> set[str]:
        """Return those of the trace ids that belong to a row."""
        # one JSON parameter, since SQLite limits the number of placeholders
        query = "select trace_id from rows where trace_id in (select value from json_each(?))"
        return {trace_id for (trace_id,) in self.db.execute(query, (json.dumps(list(trace_ids)),))}

    def reply(self, teacher: str, prompt_key: str) -> Reply | None:
        """Return the stored reply of a teacher to a prompt, None if there is none."""
        query = "select * from replies where teacher = ? and prompt_key = ?"
        found = self.db.execute(query, (teacher, prompt_key)).fetchone()
        return cast(Reply, dict(found)) if found else None

    def add_reply(self, reply: Reply) -> None:
        """Store a teacher's reply, so that it is not billed again."""
        marks = ", ".join(f":{name}" for name in reply)
        self.db.execute(f"insert or replace into replies ({', '.join(reply)}) values ({marks})", dict(reply))

    def replies(self) -> Iterator[Reply]:
        """Yield the replies of all teachers in the order of time."""
        for row in self.db.execute("select * from replies order by created_ms, prompt_key"):
            yield cast(Reply, dict(row))

    def counts(self, cell_id: str) -> dict[str, int]:
        """Return the number of a cell's rows by status."""
        return dict(
            self.db.execute("select status, count(*) from rows where cell_id = ? group by status", (cell_id,)).fetchall()
        )

    def add_progress(self, cell_id: str, step: int, metrics: Mapping[str, float], at_ms: int) -> None:
        """Store a point of a cell's curves: `step` is the number of problems done, `at_ms` Unix milliseconds."""
        self.db.execute("insert or replace into progress values (?, ?, ?, ?)", (cell_id, step, at_ms, _dump(metrics)))

    def progress(self, cell_id: str) -> list[tuple[int, int, dict[str, float]]]:
        """Return the points of a cell's curves: step, Unix milliseconds, metrics by name."""
        found = self.db.execute("select step, ms, metrics from progress where cell_id = ? order by step", (cell_id,))
        return [(step, ms, _load(metrics)) for step, ms, metrics in found]

    def totals(self) -> Totals:
        """Return the billed tokens and cost: every teacher reply once, and every student call. See `Totals`."""
        # from the replies and not from the rows, where a shared reply counts once per row
        taught = self.db.execute(
            "select count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cost_usd), 0), "
            "coalesce(sum(cost_usd is null), 0) from replies"
        ).fetchone()
        solved = self.db.execute(
            "select coalesce(sum(student_input_tokens), 0), coalesce(sum(student_output_tokens), 0), "
            "coalesce(sum(student_cost_usd), 0), coalesce(sum(student_cost_usd is null and student_calls > 0), 0) from rows"
        ).fetchone()
        # kept apart in the rows, since they are no part of the method
        names = ("input_tokens", "output_tokens", "cost_usd")
        used, made, usd = (f"json_extract(detail, '$.counterfactual.student_{name}')" for name in names)
        again = self.db.execute(
            f"select coalesce(sum({used} + {made}), 0), coalesce(sum({usd}), 0), coalesce(sum({usd} is null), 0) from rows "
            # most rows have none: a search for the word is faster than parsing JSON
            f"where instr(detail, '\"counterfactual\"') and {used} is not null"
        ).fetchone()
        known = taught[3] + solved[2] + again[1]
        return {
            "decompositions": taught[0],
            "teacher_tokens": taught[1] + taught[2],
            "student_tokens": solved[0] + solved[1] + again[0],
            "cost_usd": None if taught[4] or solved[3] or again[2] else known,
            "known_cost_usd": known,
        }

    def count_problems(self, set_name: str) -> int:
        """Return the number of problems in a set."""
        query = "select count(*) from problems where set_name = ? and position is not null"
        return int(self.db.execute(query, (set_name,)).fetchone()[0])

    def unfinished(self, cell: CellValues) -> tuple[int, int, int]:
        """Return how many problems in a cell's set have no row, how many have failed, and how many wait for a review."""
        query = (
            "select coalesce(sum(r.key is null), 0), coalesce(sum(r.status = 'error'), 0), "
            "coalesce(sum(r.status = 'waiting'), 0) from problems p "
            "left join rows r on r.cell_id = ? and r.key = p.key where p.set_name = ? and p.position is not null"
        )
        missing, failed, waiting = self.db.execute(query, (cell["id"], cell["problems"])).fetchone()
        return missing, failed, waiting

    def mean_reply(self, teacher: str) -> tuple[float | None, float | None]:
        """Return the mean input and output tokens of a teacher's replies, None if there are none."""
        query = "select avg(input_tokens), avg(output_tokens) from replies where teacher = ?"
        used, made = self.db.execute(query, (teacher,)).fetchone()
        return used, made

    def mean_solution(self, cell_id: str) -> tuple[float, float, float] | None:
        """Return the student's mean calls, input and output tokens per problem of a cell, without errors; None without rows."""
        columns = "avg(student_calls), avg(student_input_tokens), avg(student_output_tokens)"
        query = f"select {columns} from rows where cell_id = ? and status != 'error'"
        found = self.db.execute(query, (cell_id,)).fetchone()
        return tuple(found) if found[0] else None

    def lost(self) -> tuple[int, int]:
        """Return how many calls were lost with their replica and repeated, and an upper bound of the tokens they used."""
        sums = ", ".join(f"coalesce(sum(json_extract(detail, '$.served.{name}')), 0)" for name in ("lost_calls", "lost_tokens"))
        calls, tokens = self.db.execute(f"select {sums} from rows").fetchone()
        return int(calls), int(tokens)

    def errors(self, cell_ids: Collection[str]) -> list[tuple[str, str]]:
        """Return error and problem id of each failed row of these cells, sorted by problem id."""
        marks = ", ".join("?" for _ in cell_ids)
        query = f"select error, problem_id from rows where status = 'error' and cell_id in ({marks}) order by problem_id"
        return [(error, problem) for error, problem in self.db.execute(query, sorted(cell_ids))]

    def start_session(self) -> int:
        """Record the start of a run and return its session id."""
        return int(self.db.execute("insert into sessions (started_ms) values (?)", (now_ms(),)).lastrowid or 0)

    def end_session(self, session: int, done: int, outcome: str) -> None:
        """Record the end of a run: how many rows it wrote, and its outcome (see `Session`)."""
        values = (now_ms(), done, outcome, session)
        self.db.execute("update sessions set ended_ms = ?, done = ?, outcome = ? where id = ?", values)

    def sessions(self) -> list[Session]:
        """Return the sessions so far, oldest first."""
        return [cast(Session, dict(row)) for row in self.db.execute("select * from sessions order by id")]


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise sqlite3.DatabaseError(f"a value is not JSON: {error}") from error  # `JournalFile` explains it as damage
