"""Few-shot examples: how they are chosen, that every method shows the same, and that none is a problem."""

import pytest

from trace_of_thought import build_baseline, build_trace_of_thought
from trace_of_thought.graphs.build import build_graph
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.programs import run_program
from trace_of_thought.prompts import load_prompts
from trace_of_thought.prompts.examples import choose_examples, contaminated, load_examples

EXAMPLES = load_prompts("default").examples


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.question[:20])
def test_the_bundled_examples_are_right(example):
    answer = run_program(f"```python\n{example.program}\n```").answer
    assert answer is not None
    assert float(answer) == float(example.answer)
    assert example.solution.rstrip().endswith(f"Answer: {example.answer}")
    assert len(example.steps) >= 2


def test_first_random_and_similar():
    first = choose_examples(EXAMPLES, "q", 3)
    assert first == list(EXAMPLES[:3])
    drawn = [choose_examples(EXAMPLES, "q", 3, "random", seed) for seed in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert any(other != drawn[0] for other in drawn[2:])
    question = EXAMPLES[5].question + " Tell."
    assert choose_examples(EXAMPLES, question, 2, "similar")[-1] == EXAMPLES[5]


def test_an_example_that_is_the_problem_is_refused():
    with pytest.raises(ValueError, match="few-shot example"):
        choose_examples(EXAMPLES, EXAMPLES[0].question.upper(), 3)
    same, near = contaminated(EXAMPLES, [EXAMPLES[0].question, EXAMPLES[1].question + "!", "Something else?"])
    assert (same, near) == ([EXAMPLES[0].question], [EXAMPLES[1].question + "!"])


def test_more_shots_than_examples_are_refused():
    model = ScriptedChatModel(script=["x"])
    with pytest.raises(ValueError, match="shots=99, but the prompt set has 8 examples"):
        build_baseline("standard", model, shots=99)
    for options in ({}, {"escalate": "joint > program if no_answer"}):
        with pytest.raises(ValueError, match="shots=99"):
            build_trace_of_thought(model, model, shots=99, **options)


@pytest.mark.parametrize("method", ["standard", "chain_of_thought", "plan_and_solve", "program_of_thought", "joint", "program"])
def test_every_method_shows_the_same_examples_in_its_own_words(method):
    student = ScriptedChatModel(script=["Answer: 42"])
    if method in ("joint", "program"):
        teacher = ScriptedChatModel(script=["1. Think.\n2. Multiply."])
        build_trace_of_thought(teacher, student, mode=method, shots=2).invoke({"question": "What is 6 * 7?"})
    else:
        build_baseline(method, student, shots=2).invoke({"question": "What is 6 * 7?"})
    [asked] = student.calls
    for example in EXAMPLES[:2]:
        assert example.question in asked
        steps_are_shown = example.steps[0] in asked.split(example.question)[1].split("What is 6 * 7?")[0]
        assert steps_are_shown == (method in ("joint", "program", "plan_and_solve"))
        assert (example.program in asked) == ("program" in method)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{}", "lacks 'steps'"),
        ("nonsense", "line 1: not an example"),
        ('{"steps": "a", "question": "q"}', "not a list of texts"),
    ],
)
def test_a_malformed_example_is_named(tmp_path, line, message):
    (tmp_path / "examples.jsonl").write_text(line)
    with pytest.raises(ValueError, match=message):
        load_examples(tmp_path / "examples.jsonl")


@pytest.mark.parametrize("method", ["standard", "chain_of_thought", "plan_and_solve", "program_of_thought", "joint", "hint"])
def test_a_set_that_asks_for_no_final_line_shows_none(method):
    for name in ("default", "plain"):
        student = ScriptedChatModel(script=["42"])
        options = {"student": student, "shots": 2, "prompts": name}
        if method in ("joint", "hint"):
            options |= {"teacher": ScriptedChatModel(script=["1. Multiply six by seven.\n2. Say the product."]), "mode": method}
        build_graph("trace_of_thought" if "mode" in options else method, **options).invoke({"question": "What is 6 * 7?"})
        shown = student.calls[0].split("What is 6 * 7?")[0]
        assert ("Answer: " in shown) == (name == "default" and method != "program_of_thought")
