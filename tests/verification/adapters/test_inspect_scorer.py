import pytest

from trace_of_thought.verification.adapters.inspect_scorer import verified

inspect_ai = pytest.importorskip("inspect_ai")


@pytest.mark.slow
def test_inspect_scores_a_task(tmp_path):
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput
    from inspect_ai.solver import solver

    @solver
    def scripted():
        async def solve(state, generate):
            state.output = ModelOutput.from_content("scripted", state.metadata["reply"])
            return state

        return solve

    samples = [
        Sample(input="How many eggs?", target="18", metadata={"reply": "So she has 18 eggs."}),
        Sample(input="Which is prime? (A) 21 (B) 23 (C) 25", target="B", metadata={"reply": "The answer is (C)."}),
        Sample(input="How many?", target="3", metadata={"reply": "I cannot say."}),
    ]
    task = inspect_ai.Task(dataset=samples, solver=scripted(), scorer=verified())
    [log] = inspect_ai.eval(task, model="mockllm/model", log_dir=str(tmp_path), display="none")
    assert log.status == "success"
    scores = [sample.scores["verified"] for sample in log.samples]
    assert [score.value for score in scores] == ["C", "I", "N"]
    assert scores[0].answer == "18"
    assert scores[0].explanation == "So she has 18 eggs."
