import pytest

from trace_of_thought.tracking import answer_scorer
from trace_of_thought.verification import verify_answer


@pytest.mark.slow
def test_mlflow_evaluates_with_the_scorer(tmp_path, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    rows = [
        {"inputs": {"question": "How many eggs?"}, "outputs": "So she has 18 eggs.", "expectations": {"reference": "18"}},
        {"inputs": {"question": "How many hens?"}, "outputs": {"solution": "Answer: 7"}, "expectations": {"reference": "8"}},
    ]
    try:
        found = mlflow.genai.evaluate(data=rows, scorers=[answer_scorer(verify_answer)])
    finally:
        mlflow.set_tracking_uri(None)
    assert found.metrics["verified/mean"] == 0.5


PROGRAM = "def solution():\n    eggs = 6\n    return eggs * 3"


@pytest.mark.parametrize(
    ("outputs", "right"),
    [
        ({"solution": PROGRAM, "answer": "18", "program_error": ""}, True),  # as a served model answers
        ({"solution": PROGRAM, "answer": "18", "program": {"source": PROGRAM, "value": "18", "error": ""}}, True),
        ({"solution": PROGRAM, "answer": None, "program_error": "NameError: x"}, False),
        ({"solution": "Answer: 18", "answer": "18", "program_error": None}, True),
    ],
)
def test_a_program_is_scored_by_its_value(outputs, right):
    feedback = answer_scorer(verify_answer)(inputs={}, outputs=outputs, expectations={"reference": "18"})
    assert feedback.value is right


def test_nothing_to_compare_with_is_an_error():
    with pytest.raises(ValueError, match="nothing to compare with"):
        answer_scorer(verify_answer)(inputs={}, outputs="18", expectations={})
