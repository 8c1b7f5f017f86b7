"""`tot review` in a real pseudo-terminal of 80 columns."""

import os
import re
import stat
import sys

import pytest

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")

KEYS = r"\[q\]uit "
TOT = "from trace_of_thought.cli.app import main; main()"


@pytest.fixture
def terminal(store, tmp_path):
    opened = []

    def start(editor="true", **options):
        script = tmp_path / "editor.sh"
        script.write_text(f"#!/bin/sh\n{editor}\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        env = {**os.environ, "EDITOR": str(script), "TERM": "dumb", "NO_COLOR": "1", "TOT_HOME": str(tmp_path)}
        args = ["-c", TOT, "review", "--store", store, "--reviewer", "ann"]
        child = pexpect.spawn(sys.executable, args, env=env, dimensions=(24, 80), encoding="utf-8", timeout=60)
        child.logfile_read = Record()
        opened.append(child)
        return child

    yield start
    for child in opened:
        child.close(force=True)


class Record:
    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_keys_decide(terminal, pause, queue, press):
    numbers = pause(6)
    child = terminal(editor="printf '1. Multiply six by seven.\\n2. Say it.\\n' > \"$1\"")
    child.expect("1 of 6")
    child.expect(KEYS)
    press(child, "a")
    child.expect("2 of 6")
    child.expect(KEYS)
    press(child, "e")
    child.expect("words changed")
    child.expect("3 of 6")
    child.expect(KEYS)
    press(child, "r")
    child.expect("comment for the teacher")
    child.sendline("too short")
    child.expect("4 of 6")
    child.expect(KEYS)
    press(child, "s")
    child.expect(KEYS)
    press(child, "n")
    child.expect("note")
    child.sendline("fine by me")
    child.expect(KEYS)
    press(child, "u")
    child.expect("Undone: p4")
    child.expect(KEYS)
    press(child, "q")
    child.expect("2 of 6 problems decided, 3 waiting, 1 rejected")
    child.expect(pexpect.EOF)
    decided = [queue.item(number) for number in numbers]
    assert [item.decision for item in decided] == ["approve", "edit", "reject", None, None, None]
    assert decided[1].answer["decisions"][0]["edited_action"]["args"]["steps"] == ["Multiply six by seven.", "Say it."]
    assert (decided[2].comment, decided[2].reviewer) == ("too short", "ann")
    assert decided[0].seconds >= 0


def test_what_a_model_wrote_cannot_steer_the_terminal(terminal, pause, press):
    hostile = "1. \x1b]0;owned\x07\x1b[2J\x1b[31mred \x9b31m \u202eevil\n2. 6 * 7 = 42 " + "y" * 90_000
    pause(1, steps=hostile, question="\x1b[5mblink\x1b[0m {n}?")
    child = terminal()
    child.expect(KEYS)
    press(child, "q")
    child.expect(pexpect.EOF)
    text = child.logfile_read.text
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "‹U+001B›" in text
    assert "more characters" in text
    assert "a step computes a result: 42" in re.sub(r"\s+", " ", text)
    screen = pyte.Screen(80, 400)
    pyte.Stream(screen).feed(text)
    assert screen.title == ""
    assert max(len(line) for line in text.replace("\r", "").split("\n")) <= 80


def test_nothing_waits(terminal):
    child = terminal()
    child.expect("0 of 0 problems decided, 0 waiting")
    child.expect(pexpect.EOF)
