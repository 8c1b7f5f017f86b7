import json

import pytest

from trace_of_thought.experiments import load_experiment
from trace_of_thought.experiments.exchange.flat_rows import COLUMNS, FORMATS, export_rows, flat_rows
from trace_of_thought.experiments.report.labels import told_apart
from trace_of_thought.models import ScriptedChatModel


@pytest.fixture
def finished(experiment, sums):
    return experiment(problems=sums(6), methods=["standard", "trace_of_thought"])[1]


def test_rows_and_cells_are_pandas_tables(finished, tmp_path):
    opened = load_experiment("experiment", folder=tmp_path)
    rows, cells = opened.rows(), opened.cells()
    assert (len(rows), list(rows.columns)) == (12, list(COLUMNS))
    assert rows.groupby("method")["score"].mean().to_dict() == {"standard": 1.0, "trace_of_thought": 1.0}
    assert list(rows["steps"].iloc[-1]) == ["Look at the number.", "Add one to it."]
    assert rows["student_input_tokens"].dtype.kind == "i"
    assert cells[["label", "n", "accuracy"]].to_numpy().tolist() == [["standard", 6, 1.0], ["trace_of_thought (t)", 6, 1.0]]
    compared = opened.compare("standard", "trace")
    assert compared[["n", "difference", "p"]].to_numpy().tolist() == [[6, 0.0, 1.0]]
    with pytest.raises(FileNotFoundError, match="no experiment 'nowhere'"):
        load_experiment("nowhere", folder=tmp_path)


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_gives_the_same_rows(finished, tmp_path, format):
    import pandas

    path = tmp_path / f"out.{format}"
    assert export_rows(finished, path, format) == 12
    if format == "hf":
        import datasets

        read = datasets.load_from_disk(str(path)).to_pandas()
    else:
        readers = {"csv": pandas.read_csv, "parquet": pandas.read_parquet, "jsonl": lambda p: pandas.read_json(p, lines=True)}
        read = readers[format](path)
    assert list(read.columns) == list(COLUMNS)
    assert read["status"].tolist() == ["correct"] * 12
    assert read["question"].tolist()[:2] == ["What is 0 + 1?", "What is 1 + 1?"]
    steps = read["steps"].iloc[-1]
    assert list(json.loads(steps) if format == "csv" else steps) == ["Look at the number.", "Add one to it."]


def test_rows_tell_shots_programs_and_the_rungs_of_ladders(experiment, sums):
    student = ScriptedChatModel(script=["```python\ndef solution():\n    return one\n```", "Answer: 1"])
    ladder = "program_of_thought > joint if program_failed"
    _, journal = experiment({"scripted:s": student}, problems=sums(1), methods="trace_of_thought", modes=ladder, shots=2)
    [row] = flat_rows(journal)
    assert (row["shots"], row["rung"], row["status"]) == (2, "joint", "correct")
    assert row["escalations"][0].startswith("joint: the program failed: NameError")
    student = ScriptedChatModel(script=["```python\ndef solution():\n    return one\n```"])
    _, journal = experiment({"scripted:s": student}, problems=sums(1), methods="program_of_thought")
    assert "NameError" in [row["program_error"] for row in flat_rows(journal)][-1]


def test_cells_that_differ_in_an_option_have_labels_that_say_which(experiment, sums, tmp_path):
    path = sums(2)
    for temperature in (0.2, 0.7):
        experiment(problems=path, methods="standard", students=[{"model": "scripted:s", "temperature": temperature}])
    labels = load_experiment("experiment", folder=tmp_path).cells()["label"].tolist()
    assert labels == ["standard [temperature 0.2]", "standard [temperature 0.7]"]
    assert told_apart([]) == []
