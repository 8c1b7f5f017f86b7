import csv
import json

import pytest
from typer.testing import CliRunner

from trace_of_thought.cli.app import app

ROWS = [
    {"question": "How many?", "response": "Answer: 18", "reference": "#### 18"},
    {"question": "How many?", "response": "So there are 17.", "reference": "18"},
    {"question": "How many?", "response": "Answer: x^2", "reference": "\\frac{"},
]


def write(file, rows):
    with file.open("w", newline="") as lines:
        if file.suffix == ".csv":
            writer = csv.DictWriter(lines, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        else:
            lines.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_file_is_scored(tmp_path, suffix):
    file, out = tmp_path / f"rows.{suffix}", tmp_path / "verdicts.jsonl"
    write(file, ROWS)
    result = CliRunner().invoke(app, ["verify", str(file), "--out", str(out)])
    assert result.exit_code == 0
    assert "accuracy 50.0 % (9.5-90.5) of 2 (95 % interval), strict 50.0 % (9.5-90.5)" in result.output
    assert [json.loads(line)["status"] for line in out.open()] == ["correct", "incorrect", "bad_reference"]


EXPORTED = [
    {"solution": "def solution():\n    n = 7\n    return 6 * n", "program_error": "", "answer": "42", "answer_source": None},
    {
        "solution": "def solution():\n    return 42 / 0",
        "program_error": "ZeroDivisionError",
        "answer": None,
        "answer_source": None,
    },
    {"solution": "Answer: 42", "program_error": None, "answer": "42", "answer_source": "final_line"},
    {"solution": "So there are 42.", "program_error": None, "answer": None, "answer_source": None},
]


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_an_exported_program_is_judged_by_its_value(tmp_path, suffix):
    file, out = tmp_path / f"rows.{suffix}", tmp_path / "verdicts.jsonl"
    write(file, [{**row, "reference": "42"} for row in EXPORTED])
    result = CliRunner().invoke(app, ["verify", str(file), "--out", str(out)])
    assert result.exit_code == 0
    assert [json.loads(line)["status"] for line in out.open()] == ["correct", "no_answer", "correct", "correct"]
    # programs were asked for no final line
    assert "strict" not in result.output


def test_a_missing_column_is_named(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "18", "reference": "18"}\n')
    result = CliRunner().invoke(app, ["verify", str(file)])
    assert "no column with the response found among text, reference" in str(result.exception)


@pytest.mark.parametrize("option", ["response", "reference", "question"])
def test_a_misspelt_column_is_refused(tmp_path, option):
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    result = CliRunner().invoke(app, ["verify", str(file), f"--{option}", "refrence"])
    assert "no column 'refrence'; it has question, response, reference" in str(result.exception)


def test_every_verdict_can_be_explained(tmp_path):
    file = tmp_path / "rows.jsonl"
    row = {"question": "How many children?", "response": "There are 12 boys.\nSo there are 20 children.", "reference": "20"}
    file.write_text(json.dumps(row) + "\n")
    result = CliRunner().invoke(app, ["verify", str(file), "--explain"])
    assert "row 1: correct; answer '20', reference '20'" in result.output
    assert "taken from (concluding_sentence): So there are 20 children." in result.output
    assert "lost: '12' in There are 12 boys. (score " in result.output


@pytest.mark.parametrize(("verifier", "right"), [("exact", 0), ("numeric:0.1", 1), ("mathematics", 0)])
def test_another_verifier_judges(tmp_path, verifier, right):
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"response": "Answer: about 19 metres", "reference": "18"}) + "\n")
    result = CliRunner().invoke(app, ["verify", str(file), "--verifier", verifier])
    assert f"accuracy {100 * right}.0 %" in result.output


def test_an_unknown_verifier_is_named(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"response": "Answer: 19", "reference": "18"}) + "\n")
    result = CliRunner().invoke(app, ["verify", str(file), "--verifier", "magic"])
    assert "verifier 'magic' is unknown; use mathematics, choice" in str(result.exception)
    result = CliRunner().invoke(app, ["verify", str(file), "--verifier", "numeric:x"])
    assert "'x' is not a tolerance" in str(result.exception)


def test_the_file_of_responses_is_not_overwritten(tmp_path):
    file, link = tmp_path / "own.csv", tmp_path / "link.csv"
    write(file, ROWS)
    before = file.read_bytes()
    link.symlink_to(file)
    for out in (file, link):
        result = CliRunner().invoke(app, ["verify", str(file), "--out", str(out)])
        assert result.exit_code == 1
        assert "would be overwritten; choose another place with --out" in str(result.exception)
    assert file.read_bytes() == before
