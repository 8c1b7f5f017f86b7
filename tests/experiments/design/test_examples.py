import json
from pathlib import Path

import pytest
import yaml

from trace_of_thought.experiments.design.cells import expand
from trace_of_thought.experiments.design.config_file import load_config
from trace_of_thought.experiments.design.schema import json_schema
from trace_of_thought.prompts import load_prompts

FOLDER = Path(__file__).parents[3] / "examples" / "experiments"
CELLS = {
    "demo": 6,
    "paper": 2 * 6 * (3 + 2),
    "ablation": 4,
    "teacher-size": 6,
    "joint-or-sequential": 9,
    "program-decide": 2 * (4 + 3),
    "program-confirm": 2,
    "ladder": (3 + 4) + 1,
    "released-traces": 3 + 1,
}


@pytest.mark.parametrize("name", CELLS)
def test_the_examples_name_the_cells_that_they_promise(name):
    config = load_config(FOLDER / f"{name}.yaml")
    prompts = {spec: load_prompts(spec) for spec in config.prompts}
    assert len(expand(config, [str(place) for place in range(len(config.problems))], prompts)) == CELLS[name]


def test_no_example_is_left_out():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(CELLS)


def test_the_schema_for_editors_is_up_to_date():
    assert json.loads((FOLDER / "schema.json").read_text()) == json_schema()


@pytest.mark.parametrize("name", CELLS)
def test_the_examples_fit_the_schema(name):
    validator = pytest.importorskip("jsonschema").Draft202012Validator(json_schema())
    values = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    assert list(validator.iter_errors(values)) == []
    assert list(validator.iter_errors({**values, "metods": 1}))


def test_the_ablation_differs_in_nothing_but_the_cue():
    default, cued = load_prompts("default").texts, load_prompts(FOLDER / "prompts" / "with-cue").texts
    assert {prompt for prompt in default if default[prompt] != cued[prompt]} == {"solve"}
    assert cued["solve"].replace("Think step by step. ", "") == default["solve"]
