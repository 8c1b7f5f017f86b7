from types import SimpleNamespace

import pytest

from trace_of_thought.verification.adapters.dspy_metric import answer_metric


def test_metric_compares_the_fields():
    gold = SimpleNamespace(question="Which is prime? (A) 21 (B) 23", answer="B")
    assert answer_metric()(gold, SimpleNamespace(answer="23")) is True
    assert answer_metric()(gold, SimpleNamespace(answer="21")) is False


@pytest.mark.slow
def test_dspy_evaluates_with_the_metric():
    dspy = pytest.importorskip("dspy")

    class Fixed(dspy.Module):
        def forward(self, question):
            return dspy.Prediction(answer="So she has 18 eggs." if "eggs" in question else "7")

    examples = [
        dspy.Example(question="How many eggs?", answer="18").with_inputs("question"),
        dspy.Example(question="How many hens?", answer="8").with_inputs("question"),
    ]
    evaluate = dspy.Evaluate(devset=examples, metric=answer_metric(), num_threads=2, display_progress=False)
    assert evaluate(Fixed()).score == 50.0
    told = answer_metric(feedback=True)(examples[1], dspy.Prediction(answer="7"))
    assert told.score == 0.0
    assert told.feedback == "The answer 7 is wrong; 8 was expected."
