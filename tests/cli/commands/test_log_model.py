"""`tot log-model`: the example that it prints works."""

import json
import shlex

import pytest

from trace_of_thought.models import load_chat_model


@pytest.mark.parametrize("teacher", ["recorded:sample", "self"])
def test_it_prints_a_question_that_the_models_can_answer(tot, monkeypatch, store_here, teacher):
    monkeypatch.setattr("trace_of_thought.cli.commands.log_model.log", lambda *args, **options: "models:/m-1")
    code, output = tot("log-model", "--student", "openai:m", "--teacher", teacher)
    assert code == 0, output
    words = shlex.split(output.partition("ask it: ")[2].replace("\\\n", ""))
    [record] = json.loads(words[words.index("-d") + 1])["dataframe_records"]
    if teacher == "self":
        assert record == {"question": "What is 6 * 7?"}
    else:
        load_chat_model(teacher).check_questions([record["question"]])
