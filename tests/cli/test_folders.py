"""Folders that cannot be written: one clear line, and what can be read is still read."""

import ctypes
import json
import os
import subprocess
import sys

import pytest

SUMS = "".join(json.dumps({"question": f"What is {n} + 1?", "reference": str(n + 1)}) + "\n" for n in range(4))
PLANS = "".join(json.dumps({"question": f"What is {n} + 1?", "decomposition": f"Answer: {n + 1}"}) + "\n" for n in range(4))
RUN = ["run", "--student", "recorded:plans.jsonl", "--problems", "sums.jsonl", "--methods", "standard"]

RUN_ALL = """
import contextlib, io, json, os, sys
from trace_of_thought.cli.app import main
for environment, words in json.loads(sys.argv[1]):
    os.environ.pop("TOT_HOME", None)
    os.environ.update(environment)
    sys.argv, said, code = ["tot", *words], io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, said.getvalue()]), file=sys.__stdout__)
"""


def obey_permissions():
    """Let root be refused like anybody else: without CAP_DAC_OVERRIDE the mode of a folder counts."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.fixture
def tot_as_anybody(tmp_path):
    """Run several commands in one process that permissions hold for; the home folder is read-only."""
    home = tmp_path / "home"
    home.mkdir(mode=0o555)

    def run(folder, *commands):
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", RUN_ALL, json.dumps(commands)],
            cwd=folder,
            env=environment,
            preexec_fn=obey_permissions,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        assert "Permission" not in done.stderr, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.fixture
def locked(tmp_path):
    """A folder with problems, in which nobody may write."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "sums.jsonl").write_text(SUMS)
    (folder / "plans.jsonl").write_text(PLANS)
    folder.chmod(0o555)
    return folder


def test_what_cannot_be_written_is_said_in_one_line_with_what_to_do(tot_as_anybody, locked, tmp_path):
    journals = {"TOT_HOME": str(tmp_path / "journals")}
    found = tot_as_anybody(
        locked,
        ({}, [*RUN, "--no-tracking"]),
        (journals, RUN),
        (journals, [*RUN, "--no-tracking"]),
        (journals, ["report", "--no-tracking", "--out", str(tmp_path / "report")]),
        (journals, ["report", "--no-tracking"]),
        (journals, ["export"]),
    )
    said = [
        (1, f"error: cannot write to {locked}/.trace_of_thought (Permission denied); set TOT_HOME to a writable folder\n"),
        (1, f"error: the tracking store sqlite:///mlflow.db cannot be used: {locked} is not writable; name another database"),
        (0, "4 of 4"),
        (0, f"wrote {tmp_path}/report/report.html"),
        (1, "error: cannot write experiment-report (Permission denied); choose another place with --out\n"),
        (1, "error: cannot write experiment.csv (Permission denied); choose another place with --out\n"),
    ]
    for (code, text), (expected, start) in zip(found, said, strict=True):
        assert (code, text[: len(start)]) == (expected, start)
        assert code == 0 or text.count("\n") == 1


def test_journals_in_a_folder_that_cannot_be_written_are_read(tot_as_anybody, tot, locked, tmp_path, monkeypatch):
    monkeypatch.chdir(locked)
    monkeypatch.setenv("TOT_HOME", str(tmp_path / "journals"))
    assert tot(*RUN, "--no-tracking")[0] == 0
    for file in (tmp_path / "journals").iterdir():
        file.chmod(0o444)
    (tmp_path / "journals").chmod(0o555)
    journals = {"TOT_HOME": str(tmp_path / "journals")}
    listed, shown, refused = tot_as_anybody(
        locked, (journals, ["list"]), (journals, ["show", "experiment"]), (journals, [*RUN, "--no-tracking"])
    )
    assert listed[0] == 0
    assert "finished" in listed[1]
    assert shown[0] == 0
    assert "4 correct" in shown[1]
    assert refused[0] == 1
    assert refused[1].startswith(
        f"error: cannot write to {tmp_path}/journals/experiment.journal.sqlite; allow writing, or copy"
    )
