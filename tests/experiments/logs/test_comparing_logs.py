"""Logs that the real libraries wrote with their mock models (`make_logs.py`), compared with each other and with cells."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trace_of_thought.experiments.inference.intervals import pass_at_k
from trace_of_thought.experiments.logs.read_log import read_log
from trace_of_thought.experiments.report.compare_results import compare_pairs, flips, matched
from trace_of_thought.experiments.report.conclusion import conclusion

DATA = Path(__file__).parent / "data"
A, B = (str(DATA / f"{name}.eval") for name in "ab")
LM_A, LM_B = (str(DATA / f"samples_{name}.jsonl") for name in "ab")


@pytest.mark.parametrize("texts", [False, True])
def test_inspects_scores_are_those_that_it_says_itself(texts):
    log = read_log(Path(A), texts=texts)
    assert (log.model, log.score, len(log.problems)) == ("mockllm/model", "match", 24)
    assert sum(problem.scores[0] for problem in log.problems.values()) / 24 == pytest.approx(0.3333333333333333)
    first = log.problems["sum-0"]
    assert (first.question, first.reference, first.metadata["level"]) == ("What is 0 + 1?", "1", "level 1")
    assert first.texts == (["0 + 1 = 1\nAnswer: 1"] if texts else [])


def test_harness_scores_are_those_of_its_samples():
    log = read_log(Path(LM_A), texts=True)
    assert (log.score, len(log.problems)) == ("number/exact_match", 24)
    assert sum(problem.scores[0] for problem in log.problems.values()) == 8
    assert log.problems["0"].texts == ["Answer: 1"]


@pytest.mark.parametrize(("a", "b"), [(A, B), (LM_A, LM_B), (A, LM_B), (LM_A, B)])
def test_logs_are_paired_by_problem_also_across_libraries(a, b, tmp_path):
    [pair] = matched(a, b, tmp_path)
    [found] = compare_pairs([pair])
    # b solves the sums from 13 on that a does not: 13, 14, 16, 17, 19, 20, 22, 23
    assert (found["n"], found["gained"], found["lost"]) == (24, 8, 0)
    assert found["p"] == pytest.approx(2 * 0.5**8)
    assert len(flips(*pair)["wrong to right"]) == 8


def test_scores_can_be_verified_again(tmp_path):
    [pair] = matched(A, LM_B, tmp_path, rescore=True)
    [found] = compare_pairs([pair])
    assert (found["gained"], found["lost"]) == (8, 0)


def test_a_log_is_compared_with_a_cell(experiment, tmp_path):
    file = tmp_path / "sums.jsonl"
    file.write_text("".join(json.dumps({"question": f"What is {n} + 1?", "reference": str(n + 1)}) + "\n" for n in range(30)))
    experiment(problems=str(file), methods="standard")
    [pair] = matched(A, "experiment:standard", tmp_path)
    [found] = compare_pairs([pair])
    assert (found["n"], found["gained"], found["lost"]) == (24, 16, 0)


def test_columns_cluster_and_break_down(tmp_path):
    pairs = matched(A, B, tmp_path)
    by = compare_pairs(pairs, by="level")
    parts = [("level 1", 8, 0), ("level 2", 8, 4), ("level 3", 8, 4)]
    assert [(c["group"], c["n"], c["gained"]) for c in by] == [("", 24, 8), *parts]
    # the parts do not weaken the whole: each family is corrected by itself
    assert by[0]["p_holm"] == by[0]["p"] < 0.01
    assert [c["p_holm"] for c in by[1:]] == [1.0, pytest.approx(3 * by[2]["p"]), pytest.approx(3 * by[3]["p"])]
    said = conclusion(by)
    assert said.startswith("b.eval (match) shows a lift of +33.3 points over a.eval (match) on these 24 problems")
    assert "In the parts: no evidence of a lift in 3 comparisons" in said
    [clustered] = compare_pairs(pairs, cluster="passage", margin=0.1)
    # the three passages that changed: 2**3 signs of their sums
    assert (clustered["clusters"], clustered["p"]) == (6, pytest.approx(2 / 2**3))
    assert clustered["p_not_worse"] < 0.05 < clustered["p_equivalent"]
    few = compare_pairs(pairs, cluster="level")
    assert conclusion(few).endswith("There are only 3 clusters: the test cannot show anything; it needs at least 6.")
    with pytest.raises(LookupError, match=r"no column 'levle'; they have .*level, passage"):
        compare_pairs(pairs, by="levle")


def test_epochs_give_pass_at_k(tmp_path):
    [pair] = matched(str(DATA / "a_epochs.eval"), str(DATA / "b_epochs.eval"), tmp_path)
    [found] = compare_pairs([pair])
    assert (found["pass_k"], found["a_pass"], found["b_pass"]) == (2, pytest.approx(8 / 24), pytest.approx(16 / 24))
    # Chen et al. 2021: 1 - C(n-c, k) / C(n, k)
    assert pass_at_k(2, 5, 2) == pytest.approx(1 - 3 / 10)
    assert (pass_at_k(0, 5, 3), pass_at_k(3, 5, 3)) == (0.0, pytest.approx(1.0))


def test_what_is_no_log_is_told_so(tmp_path):
    for name, text, said in [
        ("x.eval", "nothing", "not a log of inspect_ai"),
        ("x.json", "[]", "not a log of inspect_ai"),
        ("x.jsonl", '{"question": "?"}\n', "line 1: not a sample of lm-evaluation-harness"),
    ]:
        file = tmp_path / name
        file.write_text(text)
        with pytest.raises(ValueError, match=said):
            read_log(file)
    cut = tmp_path / "cut.eval"
    cut.write_bytes(Path(A).read_bytes()[:9_000])
    with pytest.raises(ValueError, match="not a log of inspect_ai"):
        read_log(cut)
    with pytest.raises(ValueError, match=r"no score 'judge'; it has match"):
        read_log(Path(A), score="judge")
    with pytest.raises(FileNotFoundError):
        matched(A, str(tmp_path / "none.eval"), tmp_path)


def test_one_sentence_says_what_to_think(tmp_path):
    [found] = compare_pairs(matched(A, B, tmp_path))
    assert conclusion([found]).startswith(
        "b.eval (match) shows a lift of +33.3 points over a.eval (match) on these 24 problems"
    )
    [same] = compare_pairs(matched(A, A, tmp_path), margin=0.15)
    assert conclusion([same]) == "As good as equal: the difference is smaller than 15 points on these 24 problems."
    assert "score the same on this problem." in conclusion([{**same, "n": 1, "p_equivalent": None, "p_not_worse": None}])
    [few] = compare_pairs(matched(A, A, tmp_path), margin=0.02)
    assert conclusion([few]).startswith("No evidence of a difference, and none that it is within 2 points")
    two = [{**few, "student": "small"}, {**few, "student": "large", "difference": 0.1, "needed": 240}]
    assert conclusion(two) == (
        "No evidence of a lift in 2 comparisons; the largest difference is +10.0 points by large a.eval (match) over "
        "a.eval (match); "
        "about 240 problems would be needed to see one of this size."
    )
    levels = compare_pairs(matched(A, B, tmp_path), by="level")
    assert "In the parts: no evidence of a lift in 3 comparisons" in conclusion(levels)
    assert "about 15 problems would be needed" in conclusion(levels)


def many(path, count, shift):
    lines = Path(LM_A).read_text().splitlines()
    with path.open("w") as file:
        for n in range(count):
            sample = json.loads(lines[n % len(lines)])
            sample["doc"]["question"] = f"{sample['doc']['question']} ({n})"
            file.write(json.dumps({**sample, "doc_id": n, "exact_match": float((n + shift) % 3 == 0)}) + "\n")
    return str(path)


def test_large_logs_are_compared(tmp_path):
    a, b = many(tmp_path / "a.jsonl", 1319, 0), many(tmp_path / "b.jsonl", 1319, 1)
    [found] = compare_pairs(matched(a, b, tmp_path))
    assert found["n"] == 1319


def test_a_target_that_is_a_worked_solution_is_verified_again_by_its_answer(tmp_path):
    """As in GSM8K: the target ends with "#### N", and may be longer than any answer."""
    for name, said in (("a", 7), ("b", 8)):
        samples = [
            {
                "doc_id": n,
                "doc": {"question": f"What is {n} + 8 - {n}?"},
                "target": "She adds and subtracts the same. " * 40 + "#### 8",
                "resps": [[f"Answer: {said}"]],
                "filter": "none",
                "metrics": ["exact_match"],
                "exact_match": 0.0,
            }
            for n in range(6)
        ]
        (tmp_path / f"samples_{name}.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    files = [str(tmp_path / f"samples_{name}.jsonl") for name in "ab"]
    [found] = compare_pairs(matched(*files, tmp_path, rescore=True))
    assert (found["n"], found["gained"], found["lost"]) == (6, 6, 0)
    assert found["b"] == "samples_b.jsonl (verified again)"


def test_the_command_needs_neither_library(tmp_path):
    code = f"import sys; sys.argv[1:] = ['compare', {A!r}, {LM_B!r}]; from trace_of_thought.cli.app import main; main()"
    seen = "import atexit; atexit.register(lambda: print('LOADED', {'inspect_ai', 'lm_eval', 'mlflow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"import sys\n{seen}\n{code}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "shows a lift of +33.3 points" in done.stdout
    assert "LOADED set()" in done.stdout
