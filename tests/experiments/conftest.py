import asyncio
import json

import pytest

from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.runner import run_experiment
from trace_of_thought.models import ScriptedChatModel


@pytest.fixture
def sums(tmp_path):
    """A file of sums: question "What is N + 1?", reference N + 1."""

    def write(count, name="sums.jsonl"):
        path = tmp_path / name
        rows = [{"question": f"What is {n} + 1?", "reference": str(n + 1)} for n in range(count)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return str(path)

    return write


def add_one(prompt):
    """A student that can add one."""
    number = int(prompt.split("What is ")[1].split(" +")[0])
    return f"{number} + 1 = {number + 1}\nAnswer: {number + 1}"


@pytest.fixture
def student():
    return ScriptedChatModel(script=add_one, model_name="adder")


@pytest.fixture
def teacher():
    return ScriptedChatModel(script=lambda prompt: "1. Look at the number.\n2. Add one to it.", model_name="planner")


@pytest.fixture
def experiment(tmp_path, teacher, student):
    """Run an experiment with scripted models; returns its outcome and its open journal."""
    opened = []

    def run(models=None, **fields):
        fields = {"students": ["scripted:s"], "teachers": ["scripted:t"], **fields}
        plan = make_plan(build_config(fields))
        journal = open_journal(plan, tmp_path)
        opened.append(journal)
        known = {"scripted:s": student, "scripted:t": teacher, **(models or {})}
        try:
            return asyncio.run(run_experiment(plan, journal, models=known)), journal
        finally:
            if journal._lock is not None:
                journal._lock.close()
                journal._lock = None

    yield run
    for journal in opened:
        journal.close()
