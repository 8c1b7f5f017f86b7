"""The trace of a ladder tells the rung that answered, and why each rung was reached."""

from collections.abc import Callable
from typing import Any

from trace_of_thought import build_trace_of_thought, tracking
from trace_of_thought.models import ScriptedChatModel

BROKEN = "```python\ndef solution():\n    return six * 7\n```"


def test_the_rung_and_its_reason_stand_on_the_trace(traces_in: Callable[..., Any]) -> None:
    teacher = ScriptedChatModel(script=["1. Take six.\n2. Multiply."])
    student = ScriptedChatModel(script=[BROKEN, BROKEN.replace("six", "6")])
    graph = build_trace_of_thought(teacher, student, escalate="program_of_thought > program")
    with tracking.traced("ladders"):
        graph.invoke({"question": "What is 6 * 7?", "reference": "42"})
    [trace] = traces_in("ladders")
    root = next(span for span in trace.data.spans if span.parent_id is None)
    assert root.attributes["rung"] == "program"
    [reached] = root.attributes["escalations"]
    assert "NameError" in reached["reason"]
    solved = [span for span in trace.data.spans if span.name == "solve"]
    assert [span.inputs["rung"] for span in solved] == ["program_of_thought", "program"]
