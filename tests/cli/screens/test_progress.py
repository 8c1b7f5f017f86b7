import io
import re
from types import SimpleNamespace

from rich.console import Console

from trace_of_thought.cli.screens.progress import RunProgress
from trace_of_thought.experiments.design.config import Budget
from trace_of_thought.experiments.run.spending import Spending

NOTHING = {"teacher_tokens": 0, "student_tokens": 0, "cost_usd": 0.0, "known_cost_usd": 0.0}


def follow(console, missing, statuses, spending):
    cell = SimpleNamespace(id="c", label="standard", problems="p")
    with RunProgress(SimpleNamespace(cells=[cell]), {"c": {"correct": 2}}, {"c": missing}, console) as progress:
        for status, tries in statuses:
            progress.watch(SimpleNamespace(cell=cell), {"status": status, "tries": tries}, spending)
        return progress


def test_plain_lines_where_there_is_no_terminal():
    out = io.StringIO()
    spending = Spending(Budget(), NOTHING)
    spending.add(1234, 0.5)
    follow(Console(file=out), 3, [("correct", 1), ("error", 1), ("incorrect", 1)], spending)
    [line] = out.getvalue().splitlines()
    assert line.startswith("3 of 3 solutions, ")
    assert line.endswith("/s, 1 errors, 1,234 tokens, 0.5000 USD; standard so far 75.0 % (30.1-95.4)")


def test_an_unknown_cost_is_said():
    out = io.StringIO()
    spending = Spending(Budget(), NOTHING)
    spending.add(10, None)
    follow(Console(file=out), 1, [("correct", 1)], spending)
    assert ", unknown costs; " in out.getvalue()
    assert "USD" not in out.getvalue()


def test_a_terminal_shows_each_cell_with_its_accuracy():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    progress = follow(console, 3, [("correct", 1), ("error", 1), ("incorrect", 2)], Spending(Budget(), NOTHING))
    shown = io.StringIO()
    Console(file=shown, width=100).print(progress._render())
    assert "standard" in shown.getvalue()
    assert "4/5" in shown.getvalue()
    assert "75.0 %" in shown.getvalue()


def test_no_time_left_is_shown_before_it_means_something(monkeypatch):
    out = io.StringIO()
    clock = iter(range(0, 10_000, 5))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    follow(Console(file=out), 400, [("correct", 1)] * 60, Spending(Budget(), NOTHING))
    lines = out.getvalue().splitlines()
    assert "time left unknown yet" in lines[0]
    assert re.search(r"\d:\d\d left", lines[-1])


def test_retries_at_the_end_repeat_no_line():
    out = io.StringIO()
    follow(Console(file=out), 2, [("error", 1), ("error", 1), ("error", 2), ("correct", 2)], Spending(Budget(), NOTHING))
    assert len(out.getvalue().splitlines()) == 1
