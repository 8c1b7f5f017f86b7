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


def test_nothing_to_compare_with_is_an_error():
    with pytest.raises(ValueError, match="nothing to compare with"):
        answer_scorer(verify_answer)(inputs={}, outputs="18", expectations={})
