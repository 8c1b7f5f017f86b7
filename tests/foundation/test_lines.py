"""Files whose lines have no end: refused with the line, in every reader, before they fill the memory."""

import json

import pytest
from typer.testing import CliRunner

from trace_of_thought.cli.app import app
from trace_of_thought.experiments.logs.read_log import read_log
from trace_of_thought.foundation import lines
from trace_of_thought.models import load_chat_model
from trace_of_thought.problems import load_problems

READERS = {
    "problems": ({"question": "1 + 1?", "reference": "2"}, load_problems),
    "recorded": ({"question": "1 + 1?", "decomposition": "1. Add."}, lambda path: load_chat_model(f"recorded:{path}")),
    "lm_eval": ({"doc_id": 0, "doc": {"question": "?"}, "metrics": ["m"], "m": 1.0}, read_log),
    "tot verify": (
        {"response": "2", "reference": "2"},
        lambda path: CliRunner().invoke(app, ["verify", str(path)], catch_exceptions=False),
    ),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_line_without_an_end_is_named(reader, tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 1_000)
    row, read = READERS[reader]
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps(row) + "\n" + '{"question": "' + "x" * 5_000)
    with pytest.raises(ValueError, match=rf"{path}, line 3: longer than 1,000 characters; put one record on a line"):
        read(path)


def test_lines_are_numbered_and_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(b"\xef\xbb\xbfone\n\ntwo")
    assert list(lines.numbered_lines(path)) == [(1, "one\n"), (2, "\n"), (3, "two")]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="line 1: not UTF-8"):
        list(lines.numbered_lines(path))
