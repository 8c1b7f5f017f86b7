import json
from pathlib import Path

import pytest

from trace_of_thought import build_trace_of_thought
from trace_of_thought.foundation.samples import SAMPLE
from trace_of_thought.models import RecordedTeacher, ScriptedChatModel, load_chat_model
from trace_of_thought.nodes.asking.failures import ModelError

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def write(path, *rows):
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_replays_by_question_with_recorded_tokens(tmp_path):
    file = write(
        tmp_path / "d.jsonl",
        {"question": "2 + 2?", "decomposition": "1. Add.", "teacher": "big", "input_tokens": 7, "output_tokens": 3},
        {"question": "How many legs have 3 cats and 2 birds?", "decomposition": "1. Count.", "teacher": "big"},
        {"question": "2 + 2?", "decomposition": "1. Sum.", "teacher": "other"},
    )
    teacher = load_chat_model(f"recorded:{file}")
    reply = teacher.invoke("Decompose this:  2 + 2?  Do not solve.")
    assert (reply.text, reply.usage_metadata["input_tokens"], reply.usage_metadata["output_tokens"]) == ("1. Add.", 7, 3)
    assert teacher.invoke("Steps for: How many legs have\n3 cats and 2 birds? Go.").text == "1. Count."
    assert load_chat_model(f"recorded:{file}#other").invoke("2 + 2?").text == "1. Sum."


def test_the_longest_question_wins(tmp_path):
    file = write(
        tmp_path / "d.jsonl",
        {"question": "How many legs have 3 cats?", "decomposition": "short"},
        {"question": "How many legs have 3 cats? And 4?", "decomposition": "long"},
    )
    assert RecordedTeacher.from_file(file).invoke("How many legs have 3 cats? And 4?").text == "long"


def test_a_missing_question_is_named_once_and_without_the_prompt(tmp_path):
    file = write(tmp_path / "d.jsonl", {"question": "2 + 2?", "decomposition": "1. Add."})
    graph = build_trace_of_thought(f"recorded:{file}", ScriptedChatModel(script=[]))
    with pytest.raises(
        ModelError, match="no decomposition by 'recorded' for this question; it has 1 question: add it"
    ) as error:
        graph.invoke({"question": "What is 3 + 3?"})
    assert str(error.value).count("What is 3 + 3?") == 1
    assert "step-by-step" not in str(error.value)


def test_the_sample_says_that_it_knows_its_own_problems_only():
    teacher = RecordedTeacher.from_file("sample")
    teacher.check_questions(["What is 6 * 7?", f"  {teacher.questions[0]} "])
    for ask, advice in (
        (lambda question: teacher.check_questions([question]), "this question is none of them; use --teacher self"),
        (lambda question: teacher.check_questions([question], "student"), "this question is none of them; use --student hf:"),
        (lambda question: teacher.check_questions([question] * 2), "none of these 2 problems is among them; use --teacher"),
        (teacher.invoke, "this question is none of them; use another model"),
    ):
        with pytest.raises(LookupError, match=f"has steps for its own 40 problems only, and {advice}"):
            ask("What is 6 * 7?")


@pytest.mark.parametrize("line", ["{", '{"question": "x"}', '{"question": "x", "decomposition": ""}', "[]"])
def test_a_malformed_line_is_named(tmp_path, line):
    file = write(tmp_path / "d.jsonl", {"question": "2 + 2?", "decomposition": "1. Add."}, line)
    with pytest.raises(ValueError, match="line 2"):
        RecordedTeacher.from_file(file)


def test_an_unknown_teacher_is_named(tmp_path):
    file = write(tmp_path / "d.jsonl", {"question": "2 + 2?", "decomposition": "1. Add.", "teacher": "big"})
    with pytest.raises(ValueError, match="by 'small'; it has big"):
        RecordedTeacher.from_file(file, teacher="small")


def test_every_question_of_the_bundled_sample_is_found():
    rows = [json.loads(line) for line in SAMPLE.open(encoding="utf-8")]
    teacher = RecordedTeacher.from_file("sample")
    found = [teacher.invoke(f"Steps for this: {row['question']} Do not solve it.").text for row in rows]
    assert found == [row["decomposition"] for row in rows]


def test_every_real_question_is_found():
    file = DATA / "recorded_decompositions.jsonl"
    if not file.exists():
        pytest.skip("the recorded decompositions are not here")
    rows = [json.loads(line) for line in file.open()]
    for name in {row["teacher"] for row in rows}:
        teacher = RecordedTeacher.from_file(file, teacher=name)
        mine = [row for row in rows if row["teacher"] == name]
        found = [teacher.invoke(f"Steps for this: {row['question']} Do not solve it.").text for row in mine]
        assert sum(text == row["decomposition"] for text, row in zip(found, mine, strict=True)) >= 0.99 * len(mine)
