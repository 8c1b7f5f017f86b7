import pytest

from trace_of_thought.verification.adapters.harness import NO_ANSWER, process_results, register, verified


def test_results_of_a_document():
    assert process_results({"question": "How many?", "answer": "Work.\n#### 18"}, ["So 18."]) == {"verified": 1.0}
    assert process_results({"problem": "How many?", "solution": "\\boxed{18}"}, ["So 19."]) == {"verified": 0.0}
    with pytest.raises(KeyError, match="no reference among question"):
        process_results({"question": "How many?"}, ["So 18."])


def test_metric_is_a_share():
    assert verified(references=["18", "3"], predictions=["Answer: 18", "Answer: 4"]) == 0.5


@pytest.mark.slow
def test_harness_runs_a_task_with_filter_and_metric(tmp_path):
    lm_eval = pytest.importorskip("lm_eval")
    pytest.importorskip("datasets")
    import json

    from lm_eval.api.model import LM
    from lm_eval.api.task import ConfigurableTask

    register()
    data = tmp_path / "test.jsonl"
    data.write_text("".join(json.dumps({"question": text, "answer": "18"}) + "\n" for text in ("one", "two")))

    class Scripted(LM):
        def generate_until(self, requests, **kwargs):
            return ["So she has 18 eggs." if "one" in request.args[0] else "I cannot say." for request in requests]

        def loglikelihood(self, requests, **kwargs):
            raise NotImplementedError

        loglikelihood_rolling = loglikelihood

    task = ConfigurableTask(
        config={
            "task": "eggs",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(data)}, "cache_dir": str(tmp_path)},
            "test_split": "test",
            "output_type": "generate_until",
            "doc_to_text": "{{question}}",
            "doc_to_target": "{{answer}}",
            "filter_list": [{"name": "verified", "filter": [{"function": "verified_answer"}, {"function": "take_first"}]}],
            "metric_list": [{"metric": "verified", "aggregation": "mean", "higher_is_better": True}],
        }
    )
    found = lm_eval.evaluate(lm=Scripted(), task_dict={"eggs": task}, bootstrap_iters=0, log_samples=True)
    assert found["results"]["eggs"]["verified,verified"] == 0.5
    filtered = [sample["filtered_resps"][0] for sample in found["samples"]["eggs"]]
    assert filtered == ["18", NO_ANSWER]
