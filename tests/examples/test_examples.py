"""Every example runs as it stands and prints what it promises."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PRINTED = {
    "own_node.py": ["6 * 4 = 24", "Answer: 24", "correct"],
    "own_problems.py": ["correct    Venus and Mercury", "incorrect  red, yellow, blue"],
    "own_prompts.py": ["Écris de courtes étapes", "Multiplie les œufs", "correct"],
    "own_tracker.py": ["decompose ", "47 + 7 tokens", "verify "],
    "second_opinion.py": ["One says 1/2, the other 0.4. Which is it?", "1/2"],
}


def test_every_example_is_known_and_short():
    files = sorted(EXAMPLES.glob("*.py"))
    assert [file.name for file in files] == sorted(PRINTED)
    assert all(len(file.read_text().splitlines()) < 60 for file in files)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRINTED)
def test_an_example_runs(name, tmp_path):
    command = [sys.executable, "-X", "utf8", str(EXAMPLES / name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-3000:]
    assert all(part in done.stdout for part in PRINTED[name]), done.stdout
    assert not list(tmp_path.iterdir())
