import pytest

from trace_of_thought.verification.adapters.inspect_scorer import verified

inspect_ai = pytest.importorskip("inspect_ai")


@pytest.mark.slow
def test_inspect_scores_a_task(tmp_path):
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, get_model

    replies = ["So she has 18 eggs.", "The answer is (C).", "I cannot say."]
    model = get_model("mockllm/model", custom_outputs=[ModelOutput.from_content("mockllm/model", text) for text in replies])
    samples = [
        Sample(input="How many eggs?", target="18"),
        Sample(input="Which is prime? (A) 21 (B) 23 (C) 25", target="B"),
        Sample(input="How many?", target="3"),
    ]
    task = inspect_ai.Task(dataset=samples, scorer=verified())
    [log] = inspect_ai.eval(task, model=model, log_dir=str(tmp_path), display="none", max_connections=1, max_samples=1)
    assert log.status == "success"
    scores = [sample.scores["verified"] for sample in log.samples]
    assert [score.value for score in scores] == ["C", "I", "N"]
    assert scores[0].answer == "18"
    assert scores[0].explanation == "So she has 18 eggs."
