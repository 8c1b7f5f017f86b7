"""Forms that a text must keep: what a random model would never write by itself."""

import json
import re

import pytest

pytest.importorskip("torch")
pytest.importorskip("llguidance")
from jsonschema import validate
from pydantic import BaseModel

SCHEMA = {"enum": ["add", "halve", 7]}
ANSWER = r"[a-z ]{3,9}\nAnswer: [0-9]{1,4}"


class Plan(BaseModel):
    """A plan."""

    easy: bool


@pytest.fixture(scope="module", params=["openvino", "continuous"])
def forced(request, load_tiny_session):
    student = load_tiny_session(engine=request.param, max_tokens=200)
    yield student
    student.close()


def test_a_text_keeps_a_regular_expression_beside_free_ones(forced):
    free = forced.invoke("hello", max_tokens=20).content
    replies = forced.batch([("hello"), "what?", "and now"], regex=ANSWER, temperature=1.0, seed=3)
    assert all(re.fullmatch(ANSWER, reply.content) for reply in replies)
    assert {reply.response_metadata["finish_reason"] for reply in replies} == {"stop"}
    assert forced.invoke("hello", max_tokens=20).content == free


def test_a_text_keeps_a_schema_in_either_form(forced):
    for response_format in (
        {"type": "json_schema", "json_schema": {"name": "plan", "schema": SCHEMA}},
        {"type": "json_object", "schema": SCHEMA},
    ):
        validate(json.loads(forced.invoke("hello", response_format=response_format).content), SCHEMA)


def test_structured_output_gives_an_object(forced):
    Plan.model_validate(forced.with_structured_output(Plan, method="json_schema").invoke("hello"))


def test_a_text_keeps_a_grammar_and_streams(forced):
    grammar = 'root ::= first " " ("yes" | "no")\nfirst ::= "well" | "so"'
    text = "".join(chunk.content for chunk in forced.stream("hello", grammar=grammar))
    assert re.fullmatch("(well|so) (yes|no)", text)


def test_probabilities_are_those_without_the_form(forced):
    options = {"regex": "[0-9]{3}", "logprobs": True, "temperature": 0.7, "seed": 1}
    plain, with_others = (
        forced.invoke("hello", **options, **more).response_metadata["logprobs"]["content"] for more in ({}, {"top_logprobs": 1})
    )
    assert [entry["token"] for entry in plain] == [entry["token"] for entry in with_others]
    assert [entry["logprob"] for entry in plain] == pytest.approx([entry["logprob"] for entry in with_others], abs=0.02)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"regex": "((("}, "regex='"),
        ({"grammar": "root ::= missing"}, "grammar='"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "colour"}}}}, "json_schema='"),
        ({"regex": "a", "grammar": 'root ::= "a"'}, "one form only"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_and_hurts_nobody(forced, form, message):
    with pytest.raises(ValueError, match=message):
        forced.invoke("hello", **form)
    assert forced.invoke("hello", max_tokens=2).usage_metadata["output_tokens"] == 2
