"""Prompt sets in the registry."""

from __future__ import annotations

import pytest

from trace_of_thought import tracking
from trace_of_thought.prompts import PLACEHOLDERS, load_prompts
from trace_of_thought.tracking import PromptRecord
from trace_of_thought.tracking.runs.prompt_registry import PLACEHOLDER_NAMES, load_registry_prompts, register_prompts


def record(name: str = "default", prompts: tuple[str, ...] = ("solve", "standard"), **changes: str) -> PromptRecord:
    known = load_prompts("default")
    return PromptRecord(name, known.version, known.hash, {name: known.texts[name] for name in prompts} | changes)


def test_a_set_comes_back_as_it_was() -> None:
    texts = load_prompts("default").texts
    register_prompts(tracking.connect(), record(prompts=tuple(texts)))
    assert load_registry_prompts("registry:default") == texts


def test_only_a_changed_text_makes_a_version() -> None:
    store = tracking.connect()
    first = register_prompts(store, record())
    again = register_prompts(store, record())
    changed = register_prompts(store, record(solve="{question} Follow these: {steps}"))
    assert set(first.values()) == set(again.values()) == {1}
    assert changed.pop("default.solve") == 2
    assert set(changed.values()) == {1}
    assert register_prompts(store, record())["default.solve"] == 1


def test_mlflow_knows_the_placeholders_as_variables_and_latex_stays() -> None:
    store = tracking.connect()
    text = r"Solve $\frac{{a}}{b}$: {question} with {steps}"
    register_prompts(store, record(solve=text))
    prompt = store.client.get_prompt_version("default.solve", 1)
    assert "{{question}}" in prompt.template
    assert set(prompt.variables) >= {"question", "steps"}
    assert load_registry_prompts("registry:default")["solve"] == text


def test_an_alias_or_a_version_chooses() -> None:
    store = tracking.connect()
    register_prompts(store, record("mine"))
    register_prompts(store, record("mine", solve="{question} Follow these: {steps}"))
    store.client.set_prompt_alias("mine.solve", "best", 1)
    assert load_registry_prompts("registry:mine@best") == {"solve": load_prompts("default").texts["solve"]}
    assert load_registry_prompts("registry:mine/2") == {"solve": "{question} Follow these: {steps}"}
    assert load_registry_prompts("registry:mine")["solve"] == "{question} Follow these: {steps}"


def test_what_was_chosen_from_the_registry_is_linked_there_and_nothing_is_copied() -> None:
    store = tracking.connect()
    register_prompts(store, record("mine"))
    register_prompts(store, record("mine", solve="{question} Follow these: {steps}"))
    for chosen in ("mine/2", "mine@best"):
        mixed = record(chosen, solve="{question} Follow these: {steps}", standard="{question} from another set")
        assert register_prompts(store, mixed) == {"mine.solve": 2, f"{chosen.replace('/', '-').replace('@', '-')}.standard": 1}
    assert load_registry_prompts("registry:mine")["standard"] == load_prompts("default").texts["standard"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("registry:nope", "no prompt set 'nope' is registered; known sets: default"),
        ("registry:default@prod", "no prompt set 'default' with alias 'prod'"),
        ("registry:default/7", "no prompt set 'default' in version 7"),
    ],
)
def test_what_is_not_there_is_named(spec: str, message: str) -> None:
    register_prompts(tracking.connect(), record(prompts=("solve",)))
    with pytest.raises(LookupError, match=message):
        load_registry_prompts(spec)


@pytest.mark.parametrize("spec", ["registry:", "registry:a b"])
def test_what_names_no_set_is_told_the_form(spec: str) -> None:
    with pytest.raises(LookupError, match="write registry:NAME"):
        load_registry_prompts(spec)


def test_every_placeholder_of_a_prompt_is_a_variable_of_the_registry() -> None:
    assert set(PLACEHOLDER_NAMES) == {name for names in PLACEHOLDERS.values() for name in names}
