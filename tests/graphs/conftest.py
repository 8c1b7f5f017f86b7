import pytest

from trace_of_thought.models import ScriptedChatModel

STEPS = "1. Multiply 6 by 7.\n2. State the product."


@pytest.fixture
def teacher():
    return ScriptedChatModel(script=lambda prompt: STEPS, model_name="teacher")


@pytest.fixture
def student():
    return ScriptedChatModel(script=lambda prompt: "6 * 7 = 42\nAnswer: 42", model_name="student")


@pytest.fixture
def problem():
    return {"question": "What is 6 times 7?", "problem_id": "p1", "reference": "42"}
