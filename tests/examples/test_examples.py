"""Every example runs as it stands and prints what it promises."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from trace_of_thought import load_chat_model

EXAMPLES = Path(__file__).parents[2] / "examples"
PRINTED = {
    "own_node.py": ["6 * 4 = 24", "Answer: 24", "correct"],
    "own_problems.py": ["correct    Venus and Mercury", "incorrect  red, yellow, blue"],
    "own_prompts.py": ["Écris de courtes étapes", "Multiplie les œufs", "correct"],
    "own_tracker.py": ["decompose ", " + 7 tokens", "verify "],
    "second_opinion.py": ["One says 1/2, the other 0.4. Which is it?", "1/2"],
}


def test_every_example_is_known_and_short():
    files = sorted(EXAMPLES.glob("*.py"))
    assert [file.name for file in files] == sorted([*PRINTED, "recorded_student.py"])
    assert all(len(file.read_text().splitlines()) < 60 for file in files)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRINTED)
def test_an_example_runs(name, tmp_path):
    command = [sys.executable, "-X", "utf8", str(EXAMPLES / name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-3000:]
    assert all(part in done.stdout for part in PRINTED[name]), done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_released_traces_become_a_student_that_replays_them(tmp_path):
    parts = {
        "delegation": {"output_text": "1. Multiply."},
        "answer": {"output_text": "6 * 7 = 42", "input_count": 9, "output_count": 8},
    }
    trace = {"dataset_question": "What is 6 * 7?", "dataset_answer": "#### 42", **parts}
    with (tmp_path / "sot-gpt4-zephyr-gsm8k-1-traces.csv").open("w", newline="") as file:
        csv.writer(file).writerow([json.dumps(trace), ""])
    command = [sys.executable, str(EXAMPLES / "recorded_student.py"), file.name, str(tmp_path / "student.jsonl")]
    subprocess.run(command, check=True)
    student = load_chat_model(f"recorded:{tmp_path / 'student.jsonl'}")
    assert student.invoke("What is 6 * 7?").text == "6 * 7 = 42"
    assert json.loads((tmp_path / "student.jsonl").read_text())["teacher"] == "zephyr"
