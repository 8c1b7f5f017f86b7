import pytest

from trace_of_thought.experiments.design.config_file import build_config, load_config
from trace_of_thought.experiments.design.overrides import with_settings


def test_a_path_reaches_every_field():
    values = {"students": ["hf:a/s", {"model": "openai:m", "timeout": 9}], "problems": "gsm8k"}
    settings = [
        "students.options.dtype=bfloat16",
        "students.1.max_retries=0",
        "problems.start=100",
        "teachers.max_tokens=64",
        "budget.max_minutes=1.5",
        "seeds=[1, 2]",
        "exclude=[{method: standard}]",
    ]
    config = build_config(with_settings(values, settings))
    assert [student.options for student in config.students] == [{"dtype": "bfloat16"}] * 2
    assert [student.max_retries for student in config.students] == [2, 0]
    assert config.students[1].timeout == 9
    assert (config.problems[0].source, config.problems[0].start) == ("gsm8k", 100)
    assert (config.teachers[0].model, config.teachers[0].max_tokens) == ("self", 64)
    assert (config.budget.max_minutes, config.seeds, config.exclude[0].method) == (1.5, (1, 2), "standard")
    assert values == {"students": ["hf:a/s", {"model": "openai:m", "timeout": 9}], "problems": "gsm8k"}


def test_a_setting_goes_over_the_file(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("students: hf:a/s\nlimit: 3\n")
    config = load_config(file, settings=["limit=7", "students.temperature=0.5"])
    assert (config.limit, config.students[0].temperature, config.students[0].model) == (7, 0.5, "hf:a/s")


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("limit", "is not PATH=VALUE"),
        ("=3", "is not PATH=VALUE"),
        ("students..x=3", "is not PATH=VALUE"),
        ("students.3.timeout=1", "has 1 items"),
        ("students.0=hf:b", "name a field"),
        ("name.x=1", "name holds no fields"),
        ("limit=[", "not YAML"),
        ("students.timeot=1", "did you mean 'timeout'"),
        ("limt=1", "did you mean 'limit'"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(setting, complaint):
    with pytest.raises(ValueError, match=complaint):
        build_config(with_settings({"students": "hf:a/s", "name": "n"}, [setting]))
