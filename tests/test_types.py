"""What mypy and pyright tell a user's own program, with the package installed in either way."""

import json
import shutil
import subprocess
import sys
import sysconfig
import typing
import venv
from pathlib import Path

import pytest

from trace_of_thought.nodes import state
from trace_of_thought.verification import verdicts

ROOT = Path(__file__).parents[1]
STATUS = 'Literal["correct", "incorrect", "no_answer", "timeout", "bad_reference", "consistent", "inconsistent", "unchecked"]'
APPLICATION = f"""
from typing import Literal, assert_type

from trace_of_thought import build_baseline, build_trace_of_thought, load_chat_model, load_problems, solve, verify_answer
from trace_of_thought.experiments import Cell, load_config
from trace_of_thought.models import ScriptedChatModel

Status = {STATUS}

teacher = ScriptedChatModel(script=["1. Multiply 6 by 7."])
graph = build_trace_of_thought(teacher, load_chat_model("hf:some/model"), mode="joint")
result = graph.invoke({{"question": "What is 6 * 7?", "reference": "42"}})
assert_type(result["status"], Status)
assert_type(result["verdict"]["strict"], bool | None)
assert_type(build_baseline("standard", teacher).invoke({{"question": "?"}})["answer"], str | None)
assert_type(solve("What is 6 * 7?", teacher=teacher, student=teacher).status, Status)
assert_type(verify_answer("Answer: 42", "42").status, Status)
assert_type([problem.question for problem in load_problems("sample")], list[str])


async def later() -> Status:
    return (await graph.ainvoke({{"question": "What is 6 * 7?"}}))["status"]


def cells() -> list[Cell]:
    config = load_config("experiment.yaml")
    assert_type(config.name, str)
    return []
"""
MISTAKEN = """
from trace_of_thought import build_trace_of_thought

graph = build_trace_of_thought("self", "hf:some/model", mode="jiont")
if graph.invoke({"question": "What is 6 * 7?"})["status"] == "solved":
    print("never")
"""


@pytest.fixture(params=["editable", "wheel"])
def python(request, tmp_path, monkeypatch):
    """Install the package as its documentation says, into an environment of its own that sees the dependencies."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, symlinks=True, ignore=shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__"))
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    site = next((environment / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    own = environment / "bin" / "python"
    what = ["--editable", source] if request.param == "editable" else [source]
    pip = [sys.executable, "-m", "pip", "--python", own, "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--force-reinstall", *what], check=True)
    if request.param == "wheel":
        shutil.rmtree(source)
    return own


def faults(folder, *command):
    """Return what a checker finds, by file."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if "error:" in line or " - error" in line]
    assert lines, done.stdout + done.stderr
    return {file: "\n".join(line for line in lines if file in line) for file in ("application.py", "mistaken.py")}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_both_checkers_know_the_package_in_a_program_of_ones_own(python, tmp_path, tmp_path_factory):
    show = "import trace_of_thought; print(trace_of_thought.__file__)"
    where = subprocess.run([python, "-c", show], capture_output=True, text=True, cwd=tmp_path).stdout
    assert where.startswith(str(tmp_path)), where
    (tmp_path / "application.py").write_text(APPLICATION)
    (tmp_path / "mistaken.py").write_text(MISTAKEN)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", "include": ["*.py"]}))
    cache = tmp_path_factory.getbasetemp() / "mypy-cache"
    files = ("application.py", "mistaken.py")
    mypy = ("mypy", "--strict", "--python-executable", python, "--cache-dir", cache, *files)
    for command in (mypy, ("basedpyright", "--pythonpath", python)):
        found = faults(tmp_path, *command)
        assert found["application.py"] == ""
        assert "jiont" in found["mistaken.py"]
        assert "overlap" in found["mistaken.py"], found  # "solved" is none of the statuses


def test_the_state_describes_verdicts_as_verification_gives_them():
    pairs = {
        state.VerdictValues: verdicts.Verdict,
        state.LoserValues: verdicts.Loser,
        state.EquationValues: verdicts.Equation,
        state.StepCheckValues: verdicts.StepCheck,
        state.CheckValues: verdicts.SolutionCheck,
    }
    nested = {"equations", "steps", "losers"}
    for values, dataclass in pairs.items():
        said, meant = typing.get_type_hints(values), typing.get_type_hints(dataclass)
        assert said.keys() == meant.keys()
        assert {name: kind for name, kind in said.items() if name not in nested} == {
            name: kind for name, kind in meant.items() if name not in nested
        }
