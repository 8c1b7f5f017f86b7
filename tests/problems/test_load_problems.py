import ast
import json
from pathlib import Path

import pytest

from trace_of_thought.nodes.asking.driver import Reply
from trace_of_thought.nodes.flags import find_flags
from trace_of_thought.nodes.steps import parse_steps
from trace_of_thought.problems import Problem, ProblemSet, load_problems
from trace_of_thought.verification import verify_answer

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SAMPLE = Path(__file__).parents[2] / "foundation" / "sample.jsonl"


def write(path, *rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_sample_is_whole():
    problems = load_problems("sample")
    assert len(problems) == 40
    assert not problems.issues
    assert len({problem.problem_id for problem in problems}) == 40
    assert {problem.metadata["subject"] for problem in problems} == {"arithmetic", "algebra"}
    assert all(verify_answer(f"Answer: {problem.reference}", problem.reference).status == "correct" for problem in problems)


def test_no_decomposition_of_the_sample_leaks():
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        steps = parse_steps(row["decomposition"])
        assert 2 <= len(steps) <= 6
        assert not find_flags(Reply(row["decomposition"]), steps, row), row["problem_id"]


@pytest.mark.parametrize(
    ("row", "reference"),
    [
        ({"question": "2 + 3?", "reference": "5"}, "5"),
        ({"question": "2 + 3?", "reference": 5}, "5"),
        ({"question": "2 + 3?", "reference": 5.0}, "5"),
        ({"question": "2 + 3?", "answer": "It is <<2+3=5>>5.\n#### 5"}, "5"),
        ({"problem": "2 + 3?", "solution": "so $\\boxed{5}$."}, "5"),
        ({"problem": "Half?", "solution": "\\boxed{1} no, \\boxed{\\frac{1}{2}}"}, "\\frac{1}{2}"),
        ({"problem": "Half?", "solution": "\\boxed{1}", "answer": "\\frac12"}, "\\frac12"),
        ({"question": "2 + 3?"}, None),
        ({"question": "2 + 3?", "answer": ""}, None),
        ({"question": "2 + 3?", "reference": None}, None),
    ],
)
def test_public_formats(tmp_path, row, reference):
    [problem] = load_problems(write(tmp_path / "p.jsonl", row))
    assert problem.reference == reference


def test_subject_and_level_are_kept(tmp_path):
    [problem] = load_problems(write(tmp_path / "p.jsonl", {"problem": "1?", "answer": "1", "subject": "Algebra", "level": 3}))
    assert problem.metadata == {"subject": "Algebra", "level": 3}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"question": "1 + 1?"', "line 2: not JSON"),
        (
            "[1]",
            "line 2: a list instead of a JSON object; write one object a line, or name a file that holds one JSON list .json",
        ),
        ('{"text": "1 + 1?"}', "line 2: no column for the question; it has text"),
        ('{"question": ["1"]}', "line 2: column 'question' holds a list"),
        ("[" * 100_000, "line 2: not JSON"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, line, complaint):
    path = write(tmp_path / "p.jsonl", {"question": "2 + 3?", "reference": "5"}, line)
    with pytest.raises(ValueError, match=complaint) as raised:
        load_problems(path)
    assert str(path) in str(raised.value)


def test_what_cannot_be_asked_is_left_out_and_reported(tmp_path):
    rows = [
        {"question": "2 + 3?", "reference": "5"},
        {"question": "  ", "reference": "5"},
        {"question": "2 +  3?", "reference": "5"},
        {"question": "2 + 3?", "reference": "6"},
        {"question": "Why?"},
        {"question": None, "reference": "5"},
    ]
    problems = load_problems(write(tmp_path / "p.jsonl", *rows))
    assert [problem.question for problem in problems] == ["2 + 3?", "Why?"]
    assert problems.issues == [
        "left out 2 with an empty question (line 2, line 6)",
        "left out 1 with a question that came before (line 3)",
        "left out 1 with a question that came before with another reference (line 4)",
        "1 of 2 have no reference: their solutions are checked, not scored",
    ]


def test_many_faults_are_counted_and_the_first_five_named(tmp_path):
    rows = [{"question": "1?", "reference": str(place // 7)} for place in range(7)] + [{"question": ""}] * 5
    problems = load_problems(write(tmp_path / "p.jsonl", *rows))
    assert problems.issues == [
        "left out 5 with an empty question (line 8, line 9, line 10, line 11, line 12)",
        "left out 6 with a question that came before (line 2, line 3, line 4, line 5, line 6, ...)",
    ]


def test_a_question_with_another_reference_keeps_the_first(tmp_path):
    rows = [{"question": "1?", "reference": "1"}, {"question": "1?"}, {"question": "2?"}, {"question": "2?", "reference": "2"}]
    problems = load_problems(write(tmp_path / "p.jsonl", *rows))
    assert [problem.reference for problem in problems] == ["1", None]
    assert problems.issues[0] == "left out 2 with a question that came before with another reference (line 2, line 4)"


def test_what_is_not_taken_is_not_complained_of(tmp_path):
    rows = [{"question": "1?"}, {"question": "2?", "reference": "2"}, {"question": "2?", "reference": "2"}, {"question": ""}]
    path = write(tmp_path / "p.jsonl", *rows)
    assert load_problems(path, start=1).issues == [
        "left out 1 with an empty question (line 4)",
        "left out 1 with a question that came before (line 3)",
    ]
    assert load_problems(path, start=1, limit=1).issues == []
    assert load_problems(path, limit=1).issues == ["1 of 1 have no reference: their solutions are checked, not scored"]


def test_a_key_tells_problems_apart_by_question_and_reference():
    known = Problem("2  +\n3?", "a", "5", metadata={"level": 1})
    assert known.key == Problem("2 + 3?", "b", "5", "algebra").key
    assert len({known.key, Problem("2 + 3?", "a", "6").key, Problem("2 + 3?", "a").key, Problem("2 + 4?", "a", "5").key}) == 4
    assert known.as_input() == {"question": "2  +\n3?", "problem_id": "a", "reference": "5", "domain": "math"}


def test_a_digest_follows_the_problems_and_their_order(tmp_path):
    first, second = Problem("1?", reference="1"), Problem("2?", reference="2")
    digests = [ProblemSet(problems).digest for problems in ([first, second], [second, first], [first], [first, first])]
    assert len(set(digests)) == 4
    assert ProblemSet([first, second], name="other", source="elsewhere").digest == digests[0]


def test_ids_are_unique_and_the_keys_do_not_depend_on_order(tmp_path):
    rows = [{"id": "a", "question": "1?"}, {"id": "a", "question": "2?"}, {"question": "3?"}]
    problems = load_problems(write(tmp_path / "p.jsonl", *rows))
    assert [problem.problem_id for problem in problems] == ["a", "a-p-2", "p-3"]
    turned = load_problems(write(tmp_path / "q.jsonl", *reversed(rows)))
    assert {problem.key for problem in problems} == {problem.key for problem in turned}


def test_csv_and_parquet_with_a_mapping_of_columns(tmp_path):
    (tmp_path / "p.csv").write_text('Frage,Antwort,Fach\n"Was ist 2, plus 3?",5,Rechnen\n', encoding="utf-8")
    columns = {"question": "Frage", "reference": "Antwort", "subject": "Fach"}
    [problem] = load_problems(tmp_path / "p.csv", columns=columns)
    assert (problem.question, problem.reference, problem.metadata["subject"]) == ("Was ist 2, plus 3?", "5", "Rechnen")
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"Frage": ["2 + 3?"], "Antwort": [5], "Fach": ["x"]}), tmp_path / "p.parquet")
    [problem] = load_problems(tmp_path / "p.parquet", columns=columns)
    assert (problem.question, problem.reference) == ("2 + 3?", "5")
    with pytest.raises(ValueError, match="no column 'Fragen'"):
        load_problems(tmp_path / "p.csv", columns={"question": "Fragen"})


def test_a_csv_line_with_too_few_fields_is_named(tmp_path):
    (tmp_path / "p.csv").write_text("question,reference\n1?,1\n2?\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3: the number of fields differs"):
        load_problems(tmp_path / "p.csv")


def test_limit_and_start(tmp_path):
    assert load_problems("sample", start=2, limit=3)[0] == load_problems("sample")[2]
    with pytest.raises(ValueError, match="limit=0"):
        load_problems("sample", limit=0)
    with pytest.raises(ValueError, match="no problems after the first 40"):
        load_problems("sample", start=40)


@pytest.mark.parametrize("source", ["nowhere.jsonl", "gsm9k", "./folder/thing", "a/b/c"])
def test_an_unknown_source_is_explained(source):
    with pytest.raises(FileNotFoundError, match="no problem"):
        load_problems(source)


def test_the_hub_out_of_reach_is_explained(monkeypatch, tmp_path):
    datasets, hub = pytest.importorskip("datasets"), pytest.importorskip("huggingface_hub")

    class Away:
        def head(self, url, timeout):
            raise OSError("no route")

    def away(*args, **options):
        assert datasets.config.HF_HUB_OFFLINE, "the retries would take half a minute"
        assert hub.constants.HF_HUB_OFFLINE
        raise ConnectionError("Couldn't reach 'openai/gsm8k' on the Hub")

    monkeypatch.setattr(datasets, "load_dataset", away)
    monkeypatch.setattr(hub, "get_session", Away)
    with pytest.raises(ConnectionError, match="local file"):
        load_problems("gsm8k")
    assert not hub.constants.HF_HUB_OFFLINE


def test_a_hub_set_is_read_row_by_row(monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    asked = []

    def load(*args, **options):
        asked.append((args, options))
        return [{"question": "2 + 3?", "answer": "#### 5"}]

    monkeypatch.setattr(datasets, "load_dataset", load)
    problems = load_problems("gsm8k")
    assert asked == [(("openai/gsm8k", "main"), {"split": "test"})]
    assert (problems.name, problems[0]) == ("gsm8k", Problem("2 + 3?", "gsm8k-1", "5"))


def test_generated_problems_come_with_their_scorer():
    pytest.importorskip("reasoning_gym")
    problems = load_problems("generated:gsm_symbolic", limit=5, seed=3)
    assert problems == load_problems("generated:gsm_symbolic", limit=5, seed=3)
    assert problems != load_problems("generated:gsm_symbolic", limit=5, seed=4)
    assert problems.scorer(problems[2], {"answer": problems[2].reference}) == 1
    assert problems.scorer(problems[2], {"answer": "-17"}) < 1
    with pytest.raises(ValueError, match="did you mean gsm_symbolic\\?"):
        load_problems("generated:gsm_symbolc")


PUBLIC_FORMATS = [
    ({"question": "6 * 4?", "answer": "6 * 4 = <<6*4=24>>24\n#### 24"}, "24"),
    ({"question": "700 + 500?", "answer": "Add them.\n#### 1,200"}, "1,200"),
    ({"problem": "Find x.", "solution": "So $x = \\boxed{\\frac{1}{2}}$.", "answer": "\\frac{1}{2}"}, "\\frac{1}{2}"),
    ({"problem": "Solve.", "solution": "Thus $\\boxed{x^{2}+1}$ and not $\\boxed{3}$... no, $\\boxed{7}$."}, "7"),
    ({"problem": "Which?", "solution": "Hence $\\fbox{B}$.", "level": "Level 2"}, "B"),
    ({"prompt": "2 + 2?", "target": 4}, "4"),
    ({"input": "1 / 4?", "gold": 0.25}, "0.25"),
]


@pytest.mark.parametrize(("row", "reference"), PUBLIC_FORMATS, ids=lambda value: str(value)[:20])
def test_rows_of_public_formats_have_the_reference_that_a_reader_finds(row, reference, tmp_path):
    (tmp_path / "set.jsonl").write_text(json.dumps(row))
    [problem] = load_problems(tmp_path / "set.jsonl")
    assert problem.reference == reference


def test_the_shared_problem_sets_load_without_complaint():
    if not DATA.exists():
        pytest.skip("no shared data")
    for file, count in [("gsm8k_test.jsonl", 1319), ("math_algebra_200.jsonl", 200)]:
        problems = load_problems(DATA / file)
        assert (len(problems), problems.issues) == (count, [])


def test_csv_errors_name_the_line_of_the_file_and_the_option(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('task,known\n"two\nlines?",2\n')
    with pytest.raises(ValueError, match=r"p.csv, line 3: no column for the question; it has task, known; name it with"):
        load_problems(path)
    with pytest.raises(ValueError, match=r"line 3: no column 'Q' for question; .*--columns question=COLUMN"):
        load_problems(path, columns={"question": "Q"})
    path.write_text('question,reference\n"two\nlines?",2\nwhat,if,more\n')
    with pytest.raises(ValueError, match=r"p.csv, line 4: the number of fields differs from the header; put quotation marks"):
        load_problems(path)


@pytest.mark.parametrize("task", ["number_sorting", "list_functions", "jugs"])
def test_a_list_that_a_program_returns_is_read_in_the_task_s_own_form(task):
    pytest.importorskip("reasoning_gym")
    problems = load_problems(f"generated:{task}", limit=1)
    value = ast.literal_eval(problems[0].reference)
    shown = f"({', '.join(map(str, value))})"
    assert problems.scorer(problems[0], {"answer": shown, "program": {"value": repr(value)}}) == 1
    assert problems.scorer(problems[0], {"answer": shown, "program": {"value": repr(value[:-1])}}) < 1


def test_a_question_that_no_run_would_take_is_named_with_its_line(tmp_path):
    path = write(tmp_path / "p.jsonl", {"question": "x" * 50_000}, {"question": "y" * 50_001})
    with pytest.raises(ValueError, match=r"p\.jsonl, line 2: the question has 50,001 characters; at most 50,000"):
        load_problems(path)
    assert len(load_problems(path, limit=1)) == 1
