"""The registry: what each method uses, and a method of one's own."""

import re
from pathlib import Path
from typing import get_args

import pytest

from trace_of_thought.graphs import methods
from trace_of_thought.graphs.build import build_graph
from trace_of_thought.graphs.methods import MODES, Method, check_mode, method_named, method_names, register_method
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.solving.ways import WAYS, ModeName, Way, ask_once

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("method", "mode", "options", "used"),
    [
        ("standard", "", {}, {"standard"}),
        ("program_of_thought", "", {"retries": True}, {"program_of_thought", "retry"}),
        ("trace_of_thought", "", {}, {"decompose", "solve", "standard"}),
        ("trace_of_thought", "joint", {"reviewed": True}, {"decompose", "redecompose", "solve", "standard"}),
        ("trace_of_thought", "sequential", {}, {"decompose", "solve", "solve_step", "standard"}),
        ("trace_of_thought", "program", {}, {"decompose", "program", "program_of_thought"}),
        ("trace_of_thought", "hint", {}, {"solution", "standard"}),
        (
            "trace_of_thought",
            "program_of_thought > program > teacher",
            {},
            {"decompose", "program", "program_of_thought", "solution"},
        ),
    ],
)
def test_each_method_names_the_prompts_that_it_can_use(method, mode, options, used):
    assert set(method_named(method).prompts(mode, **options)) == used


def test_the_modes_are_the_ways_with_a_lesson():
    assert set(get_args(ModeName)) == set(MODES) == {name for name, way in WAYS.items() if way.lesson}


def test_a_method_of_one_s_own(monkeypatch):
    monkeypatch.setattr(methods, "_METHODS", dict(methods._METHODS))
    way = Way("guess", "guesses first", ("guess",), ask_once("guess"))
    register_method(Method("guess", "guesses first", {"guess": way}))
    student = ScriptedChatModel(script=["Answer: 42"])
    graph = build_graph("guess", student=student, prompts={"guess": "Guess first. {question}"})
    assert graph.invoke({"question": "6 * 7?", "reference": "42"})["status"] == "correct"
    assert student.calls == ["Guess first. 6 * 7?"]
    with pytest.raises(ValueError, match="already"):
        register_method(Method("guess", "again", {"guess": way}))
    with pytest.raises(ValueError, match="has a teacher"):
        register_method(Method("taught", "has a teacher", {"taught": WAYS["joint"]}))


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'standard'"):
        method_named("standart")
    with pytest.raises(ValueError, match="did you mean 'program'"):
        check_mode("programm")


def test_a_teacher_is_asked_for_where_it_is_needed_and_refused_where_it_is_not():
    model = ScriptedChatModel(script=[])
    with pytest.raises(ValueError, match="needs a teacher"):
        build_graph("trace_of_thought", student=model)
    with pytest.raises(ValueError, match="has no teacher"):
        build_graph("standard", student=model, teacher=model)
    with pytest.raises(TypeError, match="needs a teacher"):
        build_graph("standard", student=model, mode="joint")
    with pytest.raises(TypeError, match="option 'smaples' is unknown"):
        build_graph("standard", student=model, smaples=3)


def test_only_the_registry_lists_the_methods():
    """A method is told in its way, in the registry, and in what is about one method; nobody else repeats the list."""
    names = re.compile("|".join(rf"\b{name}\b" for name in method_names() if name != "trace_of_thought"))
    homes = {"nodes/solving/ways.py", "graphs/methods.py"}
    repeated = {}
    for room in ("cli", "experiments", "foundation", "graphs", "models", "nodes", "review", "tracking"):
        for file in (ROOT / room).rglob("*.py"):
            code = re.sub(r'""".*?"""|#.*', "", file.read_text(), flags=re.S)
            if len(found := set(names.findall(code))) >= 4 and str(file.relative_to(ROOT)) not in homes:
                repeated[str(file.relative_to(ROOT))] = found
    assert repeated == {}
