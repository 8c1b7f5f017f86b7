"""The end of a test run tells what was skipped and how to have it."""

import os
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
SKIPPING = """
import pytest

def test_browser():
    pytest.skip("needs Debian's chromium and chromium-driver")

def test_browser_too():
    pytest.skip("needs Debian's chromium and chromium-driver")

def test_extra():
    pytest.importorskip("no_such_package")

def test_other():
    pytest.skip("the moon is full")

def test_runs():
    pass
"""


def summary(folder, *words):
    (folder / "test_some.py").write_text(SKIPPING)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", *words, "test_some.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_skips_are_told_with_their_remedy(tmp_path):
    text = summary(tmp_path)
    assert "2 skipped: browser tests: apt install chromium chromium-driver" in text
    assert "1 skipped: tests that need no_such_package: pip install" in text
    assert "1 skipped: the moon is full" in text


def test_they_are_told_in_a_parallel_run(tmp_path):
    assert "2 skipped: browser tests: apt install" in summary(tmp_path, "-n", "2")


def test_nothing_is_said_where_nothing_was_skipped(tmp_path):
    assert "how to run them" not in summary(tmp_path, "-k", "runs")


def test_every_skip_of_the_project_has_a_remedy():
    """A reason that no remedy knows would be shown bare; the patterns must follow the reasons in the tests."""
    remedies = (TESTS / "conftest.py").read_text().partition("REMEDIES = {")[2].partition("\n}")[0]
    patterns = re.findall(r'^    r"(.*?)": ', remedies, re.M)
    files = [file for file in TESTS.rglob("test_*.py") if file != Path(__file__)]
    given = re.compile(r'pytest\.skip\(f?"([^"]*)"|skipif\([^)]*reason="([^"]*)"')
    reasons = {found[0] or found[1] for file in files for found in given.findall(file.read_text())}
    assert len(reasons) > 8
    assert len(patterns) >= 5
    assert [reason for reason in reasons if not any(re.search(pattern, reason) for pattern in patterns)] == []
