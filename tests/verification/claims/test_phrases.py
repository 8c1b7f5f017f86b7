"""The quick tests for phrases: none hides a match of its pattern."""

import json
from pathlib import Path

import pytest

from trace_of_thought.verification.claims import echoes, phrases
from trace_of_thought.verification.claims.finding import read_response
from trace_of_thought.verification.claims.statements import split_statements

CASES = Path(__file__).parents[1] / "labelled" / "cases.jsonl"
PHRASES = {
    name: phrase for module in (phrases, echoes) for name, phrase in vars(module).items() if isinstance(phrase, phrases.Phrase)
}


@pytest.fixture(scope="module")
def statements():
    rows = [json.loads(line) for line in CASES.open(encoding="utf-8")]
    return {part for row in rows for part in split_statements(read_response(row["response"], row["question"]).text)}


@pytest.mark.parametrize("name", PHRASES)
def test_a_statement_with_a_phrase_has_one_of_its_words(name, statements):
    phrase = PHRASES[name]
    hidden = [text for text in statements if phrase.pattern.match(text) and not phrase.possible(text.lower())]
    hidden += [text for text in statements if phrase.pattern.search(text) and not phrase.search(text, text.lower())]
    assert not hidden[:3]


@pytest.mark.parametrize("text", ["seven", "Half of them", "the right option is B", "Seventeen", "no", "a third is left"])
def test_a_value_needs_no_digits(text):
    assert phrases.names_value(text)
    assert not phrases.names_value("the others are known")
