"""An experiment that is killed again and again, in every phase, with tracking on and a server that counts what is paid.

One round takes an experiment from its first problem to its report: `tot run` until all plans wait for review,
`tot review import`, `tot run` again, `tot report`. Each phase is struck; what is left is then done in peace, and `judge` says
what was lost.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostile_server import HostileServer

FIRST = ("start", "teaching", "solving", "writing", "tracing", "closing")
REVIEWED = ("resuming", "closing")
WIDTH, DELAY_S = 4, 0.03
GRACE_S = 0.5
"""A server may note a reply so long after the client that got it was killed."""
PROGRAM = [sys.executable, "-c", "import sys; sys.argv[0] = 'tot'; from trace_of_thought.cli.app import main; main()"]


def answer(prompt: str) -> str:
    """Answer as the student does: every third problem wrong."""
    number = int(re.findall(r"What is (\d+) \+ 1", prompt)[-1])
    return f"{number} + 1 = {number + 1}\nAnswer: {number + 1 + (number % 3 == 0)}"


@dataclass
class Struck:
    """What was done to a process: the phase that was meant, the signal, when, and whether it still ran."""

    phase: str
    signal: str
    at: float
    alive: bool


@dataclass
class Round:
    """One experiment in a folder of its own.

    Attributes:
        uri: of the tracking store.
        problems: how many.
        name: of the experiment.
        struck: the kills so far.
        said: what each command printed, the killed ones included.
        paid_again: calls whose replies were on their way when their process was killed.
        restored: traces that were made from a checkpoint, because their run was killed between it and its trace.
    """

    folder: Path
    server: HostileServer
    chance: random.Random
    uri: str
    problems: int = 40
    name: str = "experiment"
    struck: list[Struck] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    paid_again: int = 0
    restored: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        rows = [{"question": f"What is {n} + 1?", "reference": str(n + 1), "id": str(n)} for n in range(self.problems)]
        (self.folder / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.server.texts = {"student": answer, "teacher": lambda prompt: "1. Look at the number.\n2. Add one to it."}
        self.server.delay_s = DELAY_S
        self.home = self.folder / ".trace_of_thought"
        self.journal = self.home / f"{self.name}.journal.sqlite"
        self.tracking = ["--tracking-uri", self.uri]

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `tot` with these words."""
        kept = {name: value for name, value in os.environ.items() if name not in ("MLFLOW_TRACKING_URI", "TOT_HOME")}
        self.log = (self.folder / f"output-{len(self.said)}.txt").open("wb")
        return subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=kept | {"OPENAI_API_KEY": "x", "MLFLOW_DISABLE_TELEMETRY": "true"},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def ended(self, process: subprocess.Popen[bytes], patience_s: float = 240) -> int:
        """Wait for a process and keep what it printed."""
        try:
            code = process.wait(patience_s)
        finally:
            process.kill()
            process.wait()
            self.log.close()
            self.said.append(Path(self.log.name).read_text(errors="replace"))
        return code

    def run_words(self) -> list[str]:
        models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", self.server.url, "--concurrency", str(WIDTH)]
        methods = ["--methods", "standard,trace_of_thought", "--review", "always", "--experiment", self.name]
        return ["run", "--problems", "sums.jsonl", *models, *methods, *self.tracking]

    def commands(self) -> dict[str, list[str]]:
        return {
            "reviewing": ["review", "import", "decisions.json"],
            "reporting": ["report", self.name, *self.tracking],
        }

    def strike(self, phase: str, seconds: float) -> None:
        """Start what the phase is a part of, wait until it is there, and end it at a random moment.

        Args:
            phase: of `FIRST`, `REVIEWED`, or "reviewing" or "reporting".
            seconds: how long a command takes to start here.
        """
        process = self.start(*self.commands().get(phase, self.run_words()))
        self._wait_for(phase, process, seconds)
        kind = self.chance.choice([signal.SIGKILL] * 8 + [signal.SIGTERM, signal.SIGINT])
        alive = process.poll() is None
        self.struck.append(Struck(phase, kind.name, time.monotonic(), alive))
        if alive:
            process.send_signal(kind)
        self.ended(process)

    def _wait_for(self, phase: str, process: subprocess.Popen[bytes], seconds: float) -> None:
        some, asked, rows = self.chance.randrange(1, 9), len(self.server.asked), self.rows()
        sessions = len(self.sessions())
        reached: dict[str, Callable[[], bool]] = {
            "teaching": lambda: [r for r, _ in self.server.asked[asked:]].count("teacher") >= some,
            "solving": lambda: len(self.server.asked) - asked >= 2 * some,
            "resuming": lambda: len(self.server.asked) - asked >= some,
            "writing": lambda: self.rows() >= rows + some,
            "tracing": lambda: self.waiting_traces() > 0,
            "closing": lambda: len(found := self.sessions()) > sessions and found[-1] is not None,
        }
        while phase in reached and process.poll() is None and not reached[phase]():
            time.sleep(0.003)
        longest = {"tracing": 1.5, "closing": 2.0, "writing": 0.02, "teaching": 0.05, "solving": 0.05, "resuming": 0.3}
        until = time.monotonic() + self.chance.uniform(0, longest.get(phase, seconds))
        while time.monotonic() < until and process.poll() is None:
            time.sleep(0.002)

    def finish(self, *words: str) -> None:
        """Run a command in peace."""
        code = self.ended(self.start(*words))
        assert code == 0, f"{words[:2]} ended with {code}:\n{self.said[-1]}"

    def ask_reviewer(self) -> None:
        """Export what waits and decide all of it."""
        self.finish("review", "export", "decisions.json")
        rows = json.loads((self.folder / "decisions.json").read_text())
        (self.folder / "decisions.json").write_text(json.dumps([row | {"decision": "approve"} for row in rows]))

    def _query(self, path: Path, sql: str) -> list[tuple[Any, ...]]:
        if not path.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
                return db.execute(sql).fetchall()
        except sqlite3.OperationalError:  # it is being made
            return []

    def rows(self) -> int:
        return sum(count for (count,) in self._query(self.journal, "select count(*) from rows"))

    def sessions(self) -> list[int | None]:
        return [ended for (ended,) in self._query(self.journal, "select ended_ms from sessions order by id")]

    def waiting_traces(self) -> int:
        return sum(count for (count,) in self._query(self.home / "outbox.sqlite", "select count(*) from traces"))


def play(round_: Round, times: int = 1, seconds: float = 4.0) -> list[str]:
    """Strike in every phase, finish in peace, and return what was lost or doubled.

    Args:
        round_: the experiment.
        times: how often each phase is struck; ten kills for each time.
        seconds: how long a command takes to start on this machine.
    """

    def strike(*phases: str) -> None:
        for phase in phases * times:
            round_.strike(phase, seconds)

    strike(*FIRST)
    round_.finish(*round_.run_words())
    round_.ask_reviewer()
    strike("reviewing")
    round_.finish("review", "import", "decisions.json")
    strike(*REVIEWED)
    round_.finish(*round_.run_words())
    strike("reporting")
    round_.finish("report", round_.name, *round_.tracking)
    round_.finish("sync", *round_.tracking)
    return judge(round_)


def judge(round_: Round) -> list[str]:
    """Return what is not exactly as without kills; empty if nothing was lost, doubled or paid twice without need."""
    from trace_of_thought.experiments.journal.journal import Journal

    found: list[str] = []
    with Journal(round_.journal) as journal:
        rows = [row for cell in journal.cells() for row in journal.rows(cell["id"], detail=True)]
        replies = list(journal.replies())
        published = journal.get("published")
    right = {"correct": 2 * (round_.problems - (round_.problems + 2) // 3), "incorrect": 2 * ((round_.problems + 2) // 3)}
    if Counter(row["status"] for row in rows) != right:
        found.append(f"rows: {Counter(row['status'] for row in rows)} instead of {right}")
    if len(replies) != round_.problems or len({reply["question"] for reply in replies}) != round_.problems:
        found.append(
            f"lessons: {len(replies)} of {len({r['question'] for r in replies})} questions instead of {round_.problems}"
        )
    if sum(len(row["detail"].get("reviews") or []) for row in rows) != round_.problems:
        found.append("reviews: not one for each plan")
    if published != "1" or round_.waiting_traces():
        found.append(f"not published, or {round_.waiting_traces()} traces not sent")
    return [*found, *_paid_twice(round_), *_traces(round_, rows), *_damage(round_), *_tracebacks(round_)]


def _paid_twice(round_: Round) -> list[str]:
    """Return calls that were made again without need: at most `WIDTH` of a model were in flight at each kill."""
    found, last, again = [], {}, Counter[tuple[int, str]]()
    kills = [kill.at for kill in round_.struck if kill.alive]
    for at, asked in zip(round_.server.answered_at, round_.server.answered, strict=True):
        if asked in last:
            between = [number for number, kill in enumerate(kills) if last[asked] - GRACE_S <= kill <= at]
            if between:
                again[between[0], asked[0]] += 1
            else:
                found.append(f"paid twice: {asked}, {at - last[asked]:.2f} s later")
        last[asked] = at
    round_.paid_again = sum(again.values())
    return found + [f"paid again: {count} calls of the {role}" for (_, role), count in again.items() if count > WIDTH]


def _traces(round_: Round, rows: list[Any]) -> list[str]:
    from mlflow import MlflowClient

    client, found, traces, token = MlflowClient(round_.uri), [], [], None
    experiment = client.get_experiment_by_name(round_.name)
    while token or not traces:
        page = client.search_traces(locations=[experiment.experiment_id], max_results=100, page_token=token)
        traces += page
        token = page.token
        if not page:
            break
    by_id = {trace.info.trace_id: trace for trace in traces}
    named = {row["trace_id"] for row in rows}
    if missing := named - set(by_id):
        found.append(f"traces: {len(missing)} of {len(rows)} rows have none")
    if broken := [t for t in named & set(by_id) if by_id[t].info.state.value != "OK" or not by_id[t].data.spans]:
        found.append(f"traces: {len(broken)} are not whole")
    restored = {t for t in named & set(by_id) if "restored" in by_id[t].info.tags}
    round_.restored = len(restored)
    if len(restored) > WIDTH * len(round_.struck):
        found.append(f"traces: {len(restored)} are restored")
    spans = Counter(len(by_id[t].data.spans) for t in named & set(by_id) - restored)
    if len(spans) > 2:  # one shape for each method
        found.append(f"traces: rows' traces have {dict(spans)} spans")
    others = [trace for key, trace in by_id.items() if key not in named]
    paused = [trace for trace in others if '"waiting_for_review"' in (trace.info.response_preview or "")]
    if len(others) > len(paused):
        found.append(f"traces: {len(others) - len(paused)} belong to no row")
    if len(paused) != round_.problems:
        found.append(f"traces: {len(paused)} of pauses instead of {round_.problems}")
    return found


def _damage(round_: Round) -> list[str]:
    files = [*round_.home.glob("*.sqlite"), *round_.folder.glob("*.db")]
    states = {file.name: round_._query(file, "pragma integrity_check") for file in files}
    return [f"damaged: {name}: {state[:1]}" for name, state in states.items() if state != [("ok",)]]


def _tracebacks(round_: Round) -> list[str]:
    return [f"a traceback: {text[-600:]}" for text in round_.said if "Traceback" in text]
