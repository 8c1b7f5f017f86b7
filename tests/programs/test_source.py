import json
import pathlib

import pytest
from hypothesis import given, settings, strategies as st

from trace_of_thought.programs import run_program
from trace_of_thought.programs.source import entry_of, find_program, runnable

CODE = "def solution():\n    return 5"
TRIAL = pathlib.Path(__file__).parents[3] / "shared" / "trials" / "outputs"
LONG = 100_000


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        (f"```python\n{CODE}\n```", CODE),
        (f"```py\r\n{CODE}\r\n```".replace("\n    ", "\r\n    "), CODE),
        (f"Here it is:\n```\n{CODE}\n```\nThe answer is 7.", CODE),
        (f"```python\n{CODE}", CODE),
        (f"```python\n{CODE}```", CODE),
        (CODE, CODE),
        (f"{CODE}\nThis function returns five.", CODE),
        (f'```json\n{{"a": 1}}\n```\nand\n```python\n{CODE}\n```', CODE),
        (f"```bash\npip install x\n```\n{'```'}python\n{CODE}\n```", CODE),
        (f"```python\nx = 1\n```\n```python\n{CODE}\n```", CODE),
        (f"```python\n{CODE}\n```\nQuestion: next\n```python\ndef solution():\n    return 9\n```", CODE),
        ("I would write def solution and return 5.", ""),
        ("", ""),
        ("```json\n{}\n```", ""),
    ],
)
def test_the_program_of_a_reply(reply, program):
    assert find_program(reply) == program


@pytest.mark.parametrize(
    "text",
    [
        "```" + " " * LONG,
        "`" * LONG,
        "```\n" * (LONG // 4),
        "def " + "a" * LONG,
        "def " + " " * LONG,
        "def f\n" + "a" * LONG,
        "import a\n" + "a " * LONG,
        "import a\n" + "a." * LONG,
        "import a\na" + " " * LONG + "b",
        "\n" * LONG,
        "def solution():\n" + "\n" * LONG,
        "async " + "\n" * LONG,
        "async\n" * (LONG // 6),
        "from " * (LONG // 5),
        "import math\n" + "\n" * LONG + "math.x",
    ],
)
@pytest.mark.timeout(60)
def test_long_texts_are_read_in_linear_time(text):
    entry_of(find_program(text))
    runnable(text)


@given(st.text(alphabet=st.sampled_from("`pyd efsoluti():\n\r\t\x00\ud800\u202e=.>1"), max_size=300) | st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_search(text):
    source = find_program(text)
    assert isinstance(entry_of(source), str)
    assert isinstance(runnable(source), str)


@pytest.mark.parametrize(
    ("source", "entry"),
    [
        ("def price():\n    return 3\n\ndef check():\n    assert price() == 3", "price"),
        ("def double(n):\n    return 2 * n\n\ndef price():\n    return double(3)", "price"),
        ("def one():\n    return 1\n\ndef two():\n    return 2", ""),
        ("def main():\n    print(3)\n\ndef end():\n    return None", ""),
        ("def one():\n    return 1\n\ndef solution():\n    return one() + 1", "solution"),
    ],
)
def test_the_function_with_a_value_is_called(source, entry):
    assert entry_of(source) == entry


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("def solution():\n    return math.sqrt(16)", "4"),
        ("from math import floor\ndef solution():\n    return math.ceil(2.5)", "3"),
        ("from datetime import datetime\ndef solution():\n    return datetime(2024, 1, 2).day", "2"),
        ("import math as m\ndef solution():\n    return m.sqrt(9)", "3"),
        (f"{CODE}\ndef solution():\n    return 6", "6"),
        ("def total():\n    return 8", "8"),
        ("def solution():\n    print('Answer: 5')\n    return 9", "9"),
        ("from math import *\nfrom typing import *\ndef solution() -> Optional[float]:\n    return sqrt(16)", "4"),
        ("def solution():\n    return 14\n\nassert solution() == 10, 'a test'\nprint(solution(1))", "14"),
        ("def solution():\n    return 14\ndef check():\n    assert solution() == 10\n\ncheck()", "14"),
        ("def solution():\n    return 3\n\nif __name__ == '__main__':\n    import sys\n    sys.exit(solution())", "3"),
        ("n = [1]\nn.append(4)\ndef solution():\n    return sum(n)", "5"),
        ("def solution():\n    return 2; print(1)\nx = 3; assert x == 3", "2"),
    ],
)
def test_programs_run_as_they_were_meant(body, answer):
    assert run_program(f"```python\n{body}\n```").answer == answer


@pytest.mark.skipif(not TRIAL.is_dir(), reason="the trial's replies are not here")
@pytest.mark.parametrize("name", ["palfew", "palplanfew"])
def test_real_replies_run(name):
    replies = [entry["out"] for entry in json.loads((TRIAL / f"{name}.json").read_text())]
    runs = [run_program(reply) for reply in replies]
    assert len(runs) == 60
    assert sum(run.answer is not None for run in runs) >= 57, [run.error for run in runs if run.error]
