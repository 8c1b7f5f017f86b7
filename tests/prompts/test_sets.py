import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from trace_of_thought.nodes.solving.ways import WAYS
from trace_of_thought.prompts import BUNDLED, PLACEHOLDERS, PromptSet, load_prompts

PAPER = Path(__file__).parents[2].parent / "shared" / "data" / "prompt_sets" / "paper"


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_are_complete(name):
    prompts = load_prompts(name)
    assert (prompts.name, prompts.version, prompts.borrowed) == (name, "3", ())
    assert set(prompts.texts) == set(PLACEHOLDERS)


def test_every_way_of_solving_has_its_prompts_with_what_they_must_show():
    for way in WAYS.values():
        assert all("question" in PLACEHOLDERS[prompt] for prompt in way.prompts)
        assert ("steps" in PLACEHOLDERS[way.prompts[0]]) == (way.lesson == "steps")
    assert set(PLACEHOLDERS["solve_step"]) == {"question", "done", "step"}
    assert set(PLACEHOLDERS["redecompose"]) == {"question", "steps", "comment"}
    assert set(PLACEHOLDERS["retry"]) == {"prompt", "reason"}
    assert PLACEHOLDERS["decompose"] == PLACEHOLDERS["solution"] == ("question",)


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


def test_the_hash_follows_every_text_and_nothing_else():
    texts = dict(load_prompts("default").texts)
    known = load_prompts("default").hash
    assert re.fullmatch("[0-9a-f]{12}", known)
    assert load_prompts(dict(reversed(texts.items())), name="same words").hash == known
    changed = {load_prompts({**texts, prompt: texts[prompt] + " "}).hash for prompt in texts}
    assert len(changed | {known}) == len(texts) + 1


def test_the_hash_covers_what_is_borrowed():
    plain = load_prompts("plain")
    assert load_prompts({"solve": plain.texts["solve"]}).hash == plain.hash
    assert load_prompts(plain) is plain


def test_a_folder_may_name_its_version(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "standard.txt").write_text("Löse: {question}", encoding="utf-8")
    unnamed = load_prompts(tmp_path / "own")
    (tmp_path / "own" / "version.txt").write_text(" 2.1\n")
    named = load_prompts(str(tmp_path / "own"))
    assert (unnamed.name, unnamed.version) == ("own", "unversioned")
    assert (named.name, named.version, named.hash) == ("own", "2.1", unnamed.hash)
    assert named.fill("standard", question="1 + 1?") == "Löse: 1 + 1?"
    assert (load_prompts(dict(named.texts)).name, load_prompts(dict(named.texts), name="mine").name) == ("custom", "mine")


@pytest.mark.parametrize("prompt", PLACEHOLDERS)
def test_every_placeholder_is_needed_and_filled(prompt):
    texts = dict(load_prompts("default").texts)
    for name in PLACEHOLDERS[prompt]:
        with pytest.raises(ValueError, match=f"prompt '{prompt}' in the mapping lacks {{{name}}}"):
            load_prompts({**texts, prompt: texts[prompt].replace(f"{{{name}}}", "")})
    filled = load_prompts("default").fill(prompt, **{name: f"<{name}>" for name in PLACEHOLDERS[prompt]})
    assert [name for name in PLACEHOLDERS[prompt] if f"<{name}>" not in filled or f"{{{name}}}" in filled] == []


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


def test_a_wording_of_ones_own_loads_from_a_folder():
    folder = Path(__file__).parents[2] / "examples" / "experiments" / "prompts" / "with-cue"
    prompts = load_prompts(folder)
    assert prompts.fill("solve", question="6 * 7?", steps="1. Multiply.") != load_prompts("plain").fill(
        "solve", question="6 * 7?", steps="1. Multiply."
    )
    assert set(prompts.texts) == set(PLACEHOLDERS)


def test_the_papers_own_wording_loads():
    if not PAPER.exists():
        pytest.skip("the paper's prompts are not here")
    assert "Do not solve the problem" in load_prompts(PAPER).fill("decompose", question="Q")


def test_a_set_with_one_prompt_borrows_from_the_set_that_it_names_and_says_so(tmp_path, caplog):
    (tmp_path / "solve.txt").write_text("{question}\n{steps}\nGo.")
    (tmp_path / "base.txt").write_text("default\n")
    prompts = load_prompts(tmp_path)
    assert prompts.fill("solve", question="q", steps="s") == "q\ns\nGo."
    assert caplog.text == ""
    assert prompts.fill("standard", question="q") == load_prompts("default").fill("standard", question="q")
    assert prompts.fill("standard", question="r")
    assert caplog.text.count("has no 'standard'; using that of 'default'") == 1
    (tmp_path / "base.txt").write_text("defualt")
    with pytest.raises(ValueError, match=r"base\.txt names 'defualt'; name one of default, plain"):
        load_prompts(tmp_path)


def test_a_set_with_examples_of_its_own_survives_as_plain_values(tmp_path):
    example = {
        "question": "2 + 2?",
        "steps": ["Add 2 and 2."],
        "solution": "4",
        "program": "def solution(): ...",
        "answer": "4",
    }
    (tmp_path / "solve.txt").write_text("{question} {steps}")
    (tmp_path / "examples.jsonl").write_text(json.dumps(example))
    prompts = load_prompts(tmp_path)
    stored = json.loads(json.dumps(asdict(prompts)))
    assert PromptSet.from_values(stored) == prompts
    assert PromptSet.from_values(stored).examples[0].steps == ("Add 2 and 2.",)


@pytest.mark.parametrize("name", ["solve.txt", "examples.jsonl"])
def test_a_file_that_is_not_utf8_is_named(tmp_path, name):
    (tmp_path / "solve.txt").write_text("{question} {steps}")
    (tmp_path / name).write_bytes("Löse: {question} {steps}".encode("latin-1"))
    with pytest.raises(ValueError, match=rf"{name}: not UTF-8 .*save the file as UTF-8"):
        load_prompts(tmp_path)
