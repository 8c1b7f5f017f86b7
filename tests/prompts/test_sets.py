from pathlib import Path

import pytest

from trace_of_thought.prompts import BUNDLED, PLACEHOLDERS, load_prompts

PAPER = Path(__file__).parents[2].parent / "shared" / "data" / "prompt_sets" / "paper"


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_are_complete(name):
    prompts = load_prompts(name)
    assert (prompts.name, prompts.version, prompts.borrowed) == (name, "1", ())
    assert set(prompts.texts) == set(PLACEHOLDERS)


@pytest.mark.parametrize("name", BUNDLED)
def test_methods_differ_only_by_what_they_add(name):
    prompts = load_prompts(name)
    start, _, end = prompts.texts["standard"].partition("{question}")
    for method in ("chain_of_thought", "plan_and_solve", "solve"):
        assert prompts.texts[method].startswith(start + "{question}")
        assert prompts.texts[method].endswith(end)


def test_substitution_is_one_pass():
    prompts = load_prompts("default")
    filled = prompts.fill("solve", question="Is {steps} or {{x}} a {question}?", steps="1. Read {question}.")
    assert "Is {steps} or {{x}} a {question}?" in filled
    assert "1. Read {question}." in filled


def test_any_folder_is_a_set(tmp_path):
    (tmp_path / "solve.txt").write_text("{steps} for {question}\n")
    prompts = load_prompts(tmp_path)
    assert prompts.fill("solve", question="Q", steps="S") == "S for Q"
    assert prompts.texts["standard"] == load_prompts("plain").texts["standard"]
    assert "standard" in prompts.borrowed
    assert "solve" not in prompts.borrowed


def test_the_hash_follows_the_text():
    assert load_prompts("default").hash == load_prompts("default").hash != load_prompts("plain").hash


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"solve": "no question"}, "lacks {question}"),
        ({"slove": "{question}"}, "unknown prompt 'slove'"),
        ({}, "no prompts"),
    ],
)
def test_mistakes_are_named(texts, message):
    with pytest.raises(ValueError, match=message):
        load_prompts(texts)


def test_an_unknown_set_is_named():
    with pytest.raises(FileNotFoundError, match="no prompt set 'defualt'"):
        load_prompts("defualt")


def test_the_papers_own_wording_loads():
    if not PAPER.exists():
        pytest.skip("the paper's prompts are not here")
    assert "Do not solve the problem" in load_prompts(PAPER).fill("decompose", question="Q")
