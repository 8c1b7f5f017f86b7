"""Makes the logs in `data/` with the real libraries and their mock models; run by hand, not by pytest.

Needs inspect_ai and lm_eval (made with 0.3.285 and 0.4.13), in an environment of their own:
`python make_logs.py FOLDER`.
"""

import json
import shutil
import sys
from pathlib import Path

QUESTIONS = [(f"What is {n} + 1?", str(n + 1), f"level {n % 3 + 1}", f"passage {n // 4}") for n in range(24)]
RIGHT = {"a": {n for n in range(24) if n % 3 == 0}, "b": {n for n in range(24) if n % 3 == 0 or n > 12}}


def inspect_logs(folder):
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate

    samples = [
        Sample(input=question, target=answer, id=f"sum-{n}", metadata={"level": level, "passage": passage})
        for n, (question, answer, level, passage) in enumerate(QUESTIONS)
    ]
    for name, right in RIGHT.items():
        for epochs in (1, 2):

            def reply(messages, tools, choice, config, right=right):
                number = int(messages[-1].text.split()[2])
                said = number + 1 if number in right else number
                output = ModelOutput.from_content("mockllm/model", f"{number} + 1 = {said}\nAnswer: {said}")
                output.usage = ModelUsage(input_tokens=9, output_tokens=9, total_tokens=18)
                return output

            model = get_model("mockllm/model", custom_outputs=reply)
            task = Task(dataset=MemoryDataset(samples), solver=generate(), scorer=match(numeric=True), epochs=epochs)
            [log] = eval(task, model=model, log_dir=str(folder / "raw"), display="none", log_format="eval")
            shutil.move(log.location.removeprefix("file://"), folder / f"{name}{'' if epochs == 1 else '_epochs'}.eval")


def lm_eval_logs(folder):
    import lm_eval
    from lm_eval.api.model import LM
    from lm_eval.api.registry import register_model
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    @register_model("mock")
    class Mock(LM):
        """A mock that knows some sums, as the library's own dummy model knows none."""

        def __init__(self, right):
            super().__init__()
            self.right = right

        def generate_until(self, requests, disable_tqdm=False):
            numbers = [int(request.args[0].split()[3]) for request in requests]
            return [f"Answer: {n + 1 if n in self.right else n}" for n in numbers]

        def loglikelihood(self, requests, disable_tqdm=False):
            return [(0.0, False) for _ in requests]

        loglikelihood_rolling = loglikelihood

    data = folder / "raw" / "sums.jsonl"
    data.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"question": q, "answer": a, "level": level, "passage": p} for q, a, level, p in QUESTIONS]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {
        "task": "sums",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(data)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "Question: {{question}}\nAnswer:",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": ["\n\n"]},
        "filter_list": [
            {"name": "number", "filter": [{"function": "regex", "regex_pattern": "(-?[0-9]+)"}, {"function": "take_first"}]}
        ],
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    for name, right in RIGHT.items():
        tracker = EvaluationTracker(output_path=str(folder / "raw" / name))
        found = lm_eval.simple_evaluate(
            model=Mock(right), tasks=[task], log_samples=True, task_manager=TaskManager(), bootstrap_iters=0
        )
        samples = found.pop("samples")
        tracker.save_results_aggregated(results=found, samples=samples)
        tracker.save_results_samples(task_name="sums", samples=samples["sums"])
        [made] = (folder / "raw" / name).rglob("samples_sums_*.jsonl")
        shutil.move(made, folder / f"samples_{name}.jsonl")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    inspect_logs(target)
    lm_eval_logs(target)
    shutil.rmtree(target / "raw")
