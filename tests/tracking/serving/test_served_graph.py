"""What a served model tells of a program."""

import runpy

import pandas as pd
import pytest

from trace_of_thought import build_baseline
from trace_of_thought.foundation.folders import PACKAGE
from trace_of_thought.models import ScriptedChatModel


@pytest.mark.slow
def test_a_failed_program_tells_why_there_is_no_answer():
    student = ScriptedChatModel(script=["def solution():\n    return six", "def solution():\n    return 6 * 7"])
    model = runpy.run_path(str(PACKAGE / "tracking" / "serving" / "served_graph.py"))["GraphModel"]()
    model.graph = build_baseline("program_of_thought", student)
    failed, solved = (model.predict(None, pd.DataFrame([{"question": "What is 6 * 7?"}]))[0] for _ in range(2))
    assert (failed["answer"], "NameError" in failed["program_error"]) == (None, True)
    assert (solved["answer"], solved["program_error"]) == ("42", "")
