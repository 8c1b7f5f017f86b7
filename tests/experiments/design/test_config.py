import json

import pytest

from trace_of_thought.experiments.design.cells import expand
from trace_of_thought.experiments.design.config import ModelConfig
from trace_of_thought.experiments.design.config_file import build_config, load_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.design.prices import cost, price_of
from trace_of_thought.prompts import load_prompts

PROMPTS = {"default": load_prompts("default"), "plain": load_prompts("plain")}


def cells(**fields):
    config = build_config({"students": "hf:a/s", **fields})
    return expand(config, [problems.source for problems in config.problems], PROMPTS)


def test_cells_are_the_product_but_baselines_have_no_teacher():
    found = cells(
        methods=["standard", "trace_of_thought"],
        teachers=["self", "recorded:sample"],
        modes=["joint", "sequential"],
        seeds=[0, 1],
    )
    assert len(found) == 2 + 2 * 2 * 2
    assert {cell.teacher for cell in found if cell.method == "standard"} == {None}
    assert len({cell.id for cell in found}) == 10
    assert len({cell.condition for cell in found}) == 5


def test_speed_and_price_do_not_change_a_cell_but_temperature_does():
    [one] = cells(methods="standard")
    [fast] = cells(
        methods="standard", students={"model": "hf:a/s", "concurrency": 3, "price": {"input": 1, "output": 2}, "name": "S"}
    )
    [warm] = cells(methods="standard", students={"model": "hf:a/s", "temperature": 0.7})
    assert one.id == fast.id != warm.id


def test_exclude_leaves_out_what_matches_all_of_its_fields():
    fields = {
        "methods": ["standard", "trace_of_thought"],
        "teachers": ["self", "openai:gpt-4.1"],
        "students": ["hf:a/s", "hf:a/t"],
    }
    kept = cells(**fields, exclude=[{"teacher": "self", "student": ["t"]}, {"method": "standard", "student": "hf:a/s"}])
    assert [(cell.method, cell.student.label, cell.teacher and cell.teacher.label) for cell in kept] == [
        ("trace_of_thought", "s", "self"),
        ("trace_of_thought", "s", "gpt-4.1"),
        ("standard", "t", None),
        ("trace_of_thought", "t", "gpt-4.1"),
    ]
    with pytest.raises(ValueError, match="unknown field 'model'"):
        cells(exclude=[{"model": "x"}])
    with pytest.raises(ValueError, match="removes all 2 combinations"):
        cells(exclude=[{"student": "s"}])


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("students: hf:a/s\nexclude:\n- {metod: standard}\n", r"line 3: unknown field 'metod' \(did you mean 'method'"),
        ("students: hf:a/s\nlimit: 3\nstudents: hf:a/t\n", "line 3: 'students' was given in line 1 already"),
        ("students: hf:x\nmehtods: [standard]\n", r"f.yaml, line 2: unknown field 'mehtods' \(did you mean 'methods'\?"),
        (
            "students: hf:x\nmethods:\n  - standard\n  - chain_of_thoughts\n",
            r"line 4: .*'chain_of_thoughts' is unknown \(did you mean 'chain_of_thought'",
        ),
        ("students:\n  - model: hf:x\n    temprature: 1\n", r"line 3: unknown field 'temprature' \(did you mean 'temperature'"),
        ("students: hf:x\nbudget:\n  max_cost: 1\n", r"line 3: unknown field 'max_cost' \(did you mean 'max_cost_usd'"),
        ("students: hf:x\nlimit: many\n", r"line 2: limit: .*integer.*'many'"),
        ("methods: [standard]\n", "students is missing"),
        (
            "students:\n  - {model: 'openai:m', base_url: 'ada:word@h:1'}\n",
            r"line 2: students.0.base_url: base URL '\[redacted\]@h:1' has no scheme; [^(]*$",
        ),
        ("students: [hf:x\n", "not YAML"),
        ("- a\n", "f.yaml is a list; it must hold fields"),
        ("# nothing yet\n", "f.yaml is empty; it must hold fields"),
        (
            "students: hf:x\nmax_cost_usd: 1\n",
            r"line 2: unknown field 'max_cost_usd' \(did you mean budget: {max_cost_usd: ...}\?",
        ),
        ("students: hf:x\nprice: {input: 1}\n", r"line 2: unknown field 'price' \(did you mean students: \[{price: ...}\]\?"),
        ("students: hf:x\nmethods: []\n", "line 2: methods"),
        ("students: hf:x\nteachers: []\n", "the method trace_of_thought needs teachers"),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_the_nearest_name(tmp_path, text, complaint):
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        load_config(tmp_path / "f.yaml")


@pytest.mark.parametrize("url", ["http://ada:secret-word@h o/v1", "ada:secret-word@h", {"url": "http://ada:secret-word@h/v1"}])
def test_no_password_is_repeated(url):
    values = {"students": [{"model": "openai:m", "base_url": url}]}
    for refused in (lambda: ModelConfig(model="openai:m", base_url=url), lambda: build_config(values)):
        with pytest.raises(ValueError, match="base_url") as caught:
            refused()
        assert "secret-word" not in str(caught.value)


def test_options_replace_the_fields_of_a_file(tmp_path):
    (tmp_path / "mine.yaml").write_text("students: hf:x\nlimit: 5\nmethods: standard\n")
    config = load_config(tmp_path / "mine.yaml", {"limit": 7})
    assert (config.name, config.limit, config.methods, config.students[0].model) == ("mine", 7, ("standard",), "hf:x")
    with pytest.raises(FileNotFoundError, match="no experiment file"):
        load_config(tmp_path / "other.yaml")


def test_problem_files_are_found_beside_the_experiment(tmp_path):
    (tmp_path / "mine.jsonl").touch()
    for written in ("mine.jsonl", "{source: mine.jsonl, limit: 3}", "[{source: mine.jsonl}]"):
        (tmp_path / "e.yaml").write_text(f"students: hf:x\nproblems: {written}\n")
        assert load_config(tmp_path / "e.yaml").problems[0].source == str(tmp_path / "mine.jsonl")


def test_prices_come_from_the_catalog_and_unknown_is_not_zero():
    known = price_of(ModelConfig(model="openai:gpt-4.1"))
    assert known.input > 0
    assert known.output > known.input
    assert cost(known, 1_000_000, 0) == known.input
    assert price_of(ModelConfig(model="openai:no-such-model")) is None
    assert price_of(ModelConfig(model="openai:gpt-4.1", base_url="http://localhost:1/v1")) is None
    assert cost(None, 10, 10) is None
    assert cost(known, 0, 0, unknown=1) is None
    assert cost(price_of(ModelConfig(model="hf:a/b")), 5, 5, unknown=1) == 0


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("openai:gpt-4.1", "gpt-4.1"),
        ("hf:HuggingFaceTB/SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct"),
        ("hf:/some/where/Model.Q4_1.gguf", "Model.Q4_1"),
        ("recorded:data/d.jsonl#gpt-4-0613", "gpt-4-0613"),
        ("recorded:sample", "recorded sample"),
        ("self", "self"),
    ],
)
def test_labels_are_short(model, label):
    assert ModelConfig(model=model).label == label


def test_more_shots_than_examples_are_refused_before_anything_runs(tmp_path):
    (tmp_path / "many.yaml").write_text("students: hf:x\nshots: [0, 200]\nprompts: plain\n")
    with pytest.raises(ValueError, match="shots=200, but the prompt set 'plain' has 8 examples; give fewer shots"):
        make_plan(load_config(tmp_path / "many.yaml"))


def test_few_shot_examples_among_the_problems_are_refused_before_anything_runs(tmp_path):
    [first, second, *_] = load_prompts("default").examples
    file = tmp_path / "p.jsonl"
    file.write_text("\n".join(json.dumps({"question": q, "answer": "1"}) for q in (second.question + "?", "Something else?")))
    config = build_config({"students": "hf:x", "problems": str(file), "methods": "standard", "shots": [2]})
    assert any("near copies" in note for note in make_plan(config).notes)
    file.write_text(json.dumps({"question": first.question, "answer": "1"}))
    with pytest.raises(ValueError, match="few-shot examples of the prompt set 'default' are problems"):
        make_plan(config)
    assert make_plan(build_config({"students": "hf:x", "problems": str(file), "methods": "standard"})).cells
