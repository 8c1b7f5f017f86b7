import json
import re
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest

from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.exchange.flat_rows import flat_rows
from trace_of_thought.experiments.exchange.recorded_file import export_decompositions
from trace_of_thought.experiments.exchange.released_traces import cell_of, import_traces, read_traces
from trace_of_thought.experiments.journal.find_journal import journal_path
from trace_of_thought.experiments.journal.journal import Journal
from trace_of_thought.experiments.report.compare_results import compare_pairs, flips, matched
from trace_of_thought.experiments.report.figures import cost_figure
from trace_of_thought.experiments.report.html_report import make_report
from trace_of_thought.experiments.report.outcomes import cause
from trace_of_thought.experiments.report.overview import overview, teacher_reply
from trace_of_thought.experiments.report.review_effects import review_cells
from trace_of_thought.experiments.report.sides import sides_of
from trace_of_thought.experiments.report.summary import summarise
from trace_of_thought.experiments.report.table import markdown_table, summary_cells, usd
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.rescoring import rescore
from trace_of_thought.models import RecordedTeacher, ScriptedChatModel
from trace_of_thought.verification import Equation, SolutionCheck, StepCheck, Verdict

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "released_traces"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> | $x$ {{ 7 * 7 }}"


def data_of(html):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1])


@pytest.fixture
def journal(experiment, sums, student):
    def weak(prompt):
        number = int(prompt.split("What is ")[1].split(" +")[0])
        right = number >= 4 if "following steps" in prompt else number < 5
        return student.script(prompt) if right else f"{HOSTILE}\nAnswer: 999"

    return experiment({"scripted:s": ScriptedChatModel(script=weak)}, problems=sums(8))[1]


def test_the_page_needs_nothing_else_and_is_not_fooled(journal):
    html = make_report(journal).html
    assert html.count("<script") == 2
    assert "<img" not in html
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", html)
    assert "@import" not in html
    [wrong] = [p for p in data_of(html)["problems"] if p["question"] == "What is 6 + 1?"]
    assert any(HOSTILE in row["solution"] for row in wrong["rows"].values())


def test_every_problem_is_in_the_page_with_all_that_was_made_of_it(journal):
    data = data_of(make_report(journal).html)
    assert len(data["problems"]) == 8
    assert [condition["name"] for condition in data["conditions"]] == ["standard", "trace_of_thought (t)"]
    taught = data["conditions"][1]["id"]
    assert all(problem["rows"][taught]["steps"] == ["Look at the number.", "Add one to it."] for problem in data["problems"])


def test_the_figures_are_drawn_in_the_colours_of_the_page(journal):
    figures = make_report(journal).figures
    assert set(figures) == {"accuracy", "flips", "cost", "steps", "causes", "frontier"}
    for svg in figures.values():
        assert svg.startswith("<svg")
        assert "var(--text" in svg
        assert "var(--s0" in svg
        assert not re.search(r"#01020[0-9]|#0708|#040506", svg)


def test_the_figures_say_what_the_tables_say(experiment, sums):
    fields = {"methods": ["standard", "trace_of_thought"], "modes": ["joint", "sequential"]}
    _, journal = experiment({"scripted:s": ScriptedChatModel(script=lambda prompt: "Answer: 1")}, problems=sums(40), **fields)
    made = make_report(journal)
    assert "2.5 %" in made.figures["accuracy"]
    # two methods with 40 problems each
    assert ">n=40<" in made.figures["steps"]
    assert "n=80" not in made.figures["steps"]
    assert "Accuracy against tokens of teacher and student per problem<" in made.html
    assert "Accuracy against cost" not in made.html


def test_a_replayed_teacher_without_tokens_has_no_figure_of_its_cost(experiment, sums, tmp_path):
    file = tmp_path / "plans.jsonl"
    lines = [json.dumps({"question": f"What is {n} + 1?", "decomposition": "1. Add.\n2. State it."}) for n in range(3)]
    file.write_text("\n".join(lines))
    _, journal = experiment(problems=sums(3), teachers=[f"recorded:{file}"])
    made = make_report(journal)
    assert "frontier" not in made.figures
    assert "Accuracy and cost" not in made.html
    assert "per problem, as far as they are known<" in made.html
    assert [summary["tokens_per_correct"] is None for summary in summarise(journal)] == [False, True]


def test_the_headline_leaves_out_a_cost_that_is_not_known(experiment, sums, tmp_path):
    file = tmp_path / "plans.jsonl"
    lines = [json.dumps({"question": f"What is {n} + 1?", "decomposition": "1. Add the numbers."}) for n in range(20)]
    file.write_text("\n".join(lines))

    def follows(prompt):
        number = int(prompt.split("What is ")[1].split(" +")[0])
        return f"Answer: {number + ('Add the numbers' in prompt)}"

    models = {"scripted:s": ScriptedChatModel(script=follows)}
    _, journal = experiment(models, problems=sums(20), teachers=[f"recorded:{file}"], methods=["standard", "trace_of_thought"])
    page = make_report(journal).html
    assert "lifts s on sums by 100.0 points over standard (0.0 % to 100.0 %, n = 20, p &lt; .001).<" in page
    assert "0 output tokens" not in page


def test_one_cell_and_nothing_solved_still_make_a_report(experiment, sums):
    student = ScriptedChatModel(script=lambda prompt: "I cannot say.")
    _, journal = experiment({"scripted:s": student}, problems=sums(2), methods="standard")
    made = make_report(journal)
    assert "flips" not in made.figures
    assert "2 no_answer" in made.markdown


@pytest.mark.browser
def test_the_page_shows_flips_in_a_browser(journal, browser, tmp_path):
    from selenium.webdriver.support.ui import WebDriverWait

    (tmp_path / "report.html").write_text(make_report(journal).html, encoding="utf-8")
    browser.get((tmp_path / "report.html").as_uri())
    count = browser.find_element("id", "count")
    assert count.text == "8 of 8 problems"
    links = browser.find_elements("css selector", "#figure-flips a")
    browser.execute_script("document.querySelector('#figure-flips details').open = true")
    links[1].click()
    WebDriverWait(browser, 30).until(lambda _: count.text == "4 of 8 problems")
    listed = [button.text for button in browser.find_elements("css selector", "#list button")]
    assert [text.split(": ")[1] for text in listed] == [f"What is {n} + 1?" for n in range(4)]
    assert HOSTILE in browser.find_element("id", "problem").text
    assert browser.get_log("browser") == []


def test_compare_finds_cells_by_name_and_lists_flips(journal, tmp_path):
    journal.db.execute("pragma wal_checkpoint(truncate)")
    [(a, b)] = matched("experiment:standard", "experiment:trace", tmp_path)
    [found] = compare_pairs([(a, b)])
    assert (found["gained"], found["lost"], found["difference"]) == (3, 4, -0.125)
    assert flips(a, b)["wrong to right"] == ["sums-6", "sums-7", "sums-8"]
    with pytest.raises(LookupError, match="has no combination 'sequential'"):
        matched("experiment:sequential", "experiment", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no experiment 'other' .* it has experiment"):
        matched("other", "experiment", tmp_path)


def test_compare_pairs_cells_of_the_same_student(experiment, sums, student, tmp_path):
    other = ScriptedChatModel(script=student.script)
    methods = ["standard", "trace_of_thought"]
    experiment({"scripted:o": other}, problems=sums(3), methods=methods, students=["scripted:s", "scripted:o"])
    experiment({"scripted:n": other}, problems=sums(3), methods=methods, students=["scripted:n"], name="later")

    def names(a, b):
        return [
            (x.condition.cell["student_label"], x.condition.label, y.condition.cell["student_label"], y.condition.label)
            for x, y in matched(a, b, tmp_path)
        ]

    taught = "trace_of_thought (t)"
    assert names("experiment:standard", "experiment:trace") == [("s", "standard", "s", taught), ("o", "standard", "o", taught)]
    both = [("s", m, "n", m) for m in ("standard", taught)] + [("o", m, "n", m) for m in ("standard", taught)]
    assert names("experiment", "later") == both
    assert names("experiment:s trace", "later:standard") == [("s", taught, "n", "standard")]
    [found] = compare_pairs(matched("experiment:s trace", "later:standard", tmp_path))
    assert (found["a"], found["b"]) == (f"s {taught}", "n standard")


def test_exported_decompositions_are_replayed(journal, tmp_path):
    path = tmp_path / "d.jsonl"
    assert export_decompositions(journal, path) == {"t": 8}
    teacher = RecordedTeacher.from_file(path)
    assert teacher.invoke("Plan this: What is 3 + 1?").text == "1. Look at the number.\n2. Add one to it."


def test_solutions_of_a_teacher_are_not_exported_as_decompositions(experiment, sums, tmp_path):
    steps, solution = "1. Add one.", "Answer: 999"
    teacher = ScriptedChatModel(script=lambda prompt: steps if "step-by-step prompts" in prompt else solution)
    ladder = "joint > teacher if always"
    _, journal = experiment({"scripted:t": teacher}, problems=sums(3), methods="trace_of_thought", modes=["joint", ladder])
    assert len(teacher.calls) == 6
    assert export_decompositions(journal, tmp_path / "d.jsonl") == {"t": 3}
    exported = map(json.loads, (tmp_path / "d.jsonl").read_text().splitlines())
    assert {line["decomposition"] for line in exported} == {steps}


def test_a_teacher_whose_name_begins_another_s_has_its_own_replies(experiment, sums):
    names = ["scripted:gpt-mini", "scripted:gpt"]
    models = {name: ScriptedChatModel(script=lambda prompt, name=name: f"1. {name}.") for name in names}
    _, journal = experiment(models, problems=sums(1), methods="trace_of_thought", teachers=names)
    said = [teacher_reply(journal, cell, "What is 0 + 1?")["text"] for cell in journal.cells()]
    assert said == ["1. scripted:gpt-mini.", "1. scripted:gpt."]


def test_names_of_cells_and_paths_may_hold_colons(experiment, sums, tmp_path):
    experiment(problems=sums(2), students=[{"model": "scripted:s", "name": "qwen2:7b"}])
    (tmp_path / "a:b").symlink_to(tmp_path)
    for spec in ("experiment:qwen2:7b standard", f"{tmp_path}/a:b/experiment.journal.sqlite:qwen2:7b standard"):
        assert [side.condition.label for side in sides_of(spec, tmp_path)] == ["standard"]
    with pytest.raises(FileNotFoundError, match="no experiment 'other'"):
        sides_of("other:qwen2:7b", tmp_path)


def test_problems_that_a_smaller_limit_leaves_out_are_not_missing(experiment, sums, tmp_path):
    file = sums(8)
    experiment(problems=file, limit=3)
    fields = {"students": "scripted:s", "teachers": "scripted:t", "problems": file}
    open_journal(make_plan(build_config({**fields, "limit": 8})), tmp_path).close()  # killed before its first row
    _, journal = experiment(problems=file, limit=5)
    shown = overview(journal)
    assert (shown["state"], shown["missing"], shown["problems"], shown["solutions"]) == ("finished", 0, 5, 10)
    lift = shown["lift"]
    assert (lift["difference"], lift["by"], lift["over"]) == (0.0, "trace_of_thought (t)", "standard")
    assert lift["low"] < 0 < lift["high"]
    _, journal = experiment(problems=file, limit=2)
    assert (overview(journal)["missing"], [summary["n"] for summary in summarise(journal)]) == (0, [5, 5])


def test_rescoring_uses_the_verifier_as_it_is_now(journal):
    cell = journal.cells()[0]["id"]
    journal.db.execute("update rows set status = 'incorrect', score = 0, trace_id = 'tr-1' where cell_id = ? and key = "
                       "(select key from rows where cell_id = ? and status = 'correct' limit 1)", (cell, cell))  # fmt: skip
    done = rescore(journal)
    assert (done.rows, done.changed) == (16, {("incorrect", "correct"): 1})
    [(trace, status, verdict)] = done.overrides
    assert (trace, status, verdict["status"]) == ("tr-1", "correct", "correct")
    assert summarise(journal)[0]["accuracy"] == 5 / 8


def test_rescoring_a_program_judges_its_value_and_never_its_source(experiment, sums):
    def writes(prompt):
        number = int(prompt.split("What is ")[1].split(" +")[0])
        return f"def solution():\n    total = {number + 1}\n    return {'total' if number else 'totl'}"

    student = ScriptedChatModel(script=writes)
    _, journal = experiment({"scripted:s": student}, problems=sums(3), methods="program_of_thought")
    done = rescore(journal)
    assert (done.rows, done.changed) == (3, {})
    report = make_report(journal)
    assert "1 no_answer" in report.markdown
    # no format was asked for
    assert "strict" not in report.markdown
    shown = [next(iter(problem["rows"].values())) for problem in data_of(report.html)["problems"]]
    assert [row["solution"] for row in shown] == [writes(f"What is {number} + 1?") for number in range(3)]
    assert ["NameError" in row["program_error"] for row in shown] == [True, False, False]


def test_strict_is_empty_where_no_format_was_asked_for(experiment, sums):
    _, journal = experiment(problems=sums(2), methods="standard", prompts=["default", "plain"])
    assert [summary["strict_accuracy"] for summary in summarise(journal)] == [1.0, None]
    rescore(journal)
    assert [summary["strict_accuracy"] for summary in summarise(journal)] == [1.0, None]


def test_strict_counts_no_program_and_only_where_every_scored_row_has_one(experiment, sums):
    def fails_at_0(prompt):
        number = int(prompt.split("What is ")[1].split(" +")[0])
        return (
            f"def solution():\n    return {number + 1 if number else 'one'}" if "Python" in prompt else f"Answer: {number + 1}"
        )

    ladder = "program_of_thought > standard"
    models = {"scripted:s": ScriptedChatModel(script=fails_at_0)}
    _, journal = experiment(models, problems=sums(3), methods=["trace_of_thought", "program_of_thought"], modes=[ladder])
    found = {summary["method"]: summary for summary in summarise(journal)}
    assert (found["trace_of_thought"]["n"], found["trace_of_thought"]["strict_accuracy"]) == (3, None)
    # as earlier versions wrote it
    journal.db.execute("update rows set strict = 1")
    assert [summary["strict_accuracy"] for summary in summarise(journal)] == [None, None]
    assert [row["strict"] for row in flat_rows(journal)].count(1) == 1


def test_rescoring_asks_the_prompts_of_the_combination(experiment, sums, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "standard.txt").write_text("{question}")
    (folder / "solution.txt").write_text("Solve: {question} End with a line 'Answer: ...'.")
    _, journal = experiment(problems=sums(2), methods="standard", prompts=[str(folder)])
    shown = data_of(make_report(journal).html)["problems"][0]["rows"]
    assert ["strict" in row["verdict"] for row in shown.values()] == [False]
    journal.db.execute("update rows set strict = 1")
    rescore(journal)
    assert summarise(journal)[0]["strict_accuracy"] is None


def test_the_samples_of_a_program_count_with_their_values(experiment, sums, tmp_path):
    student = ScriptedChatModel(script=[f"def solution():\n    return {value}" for value in ("1", "1 + 1", "one")])
    experiment({"scripted:s": student}, problems=sums(1), methods="program_of_thought", samples=3)
    [side] = sides_of("experiment:program_of_thought", tmp_path)
    assert [sorted(scores) for scores in side.trials.values()] == [[0.0, 0.0, 1.0]]


def test_unknown_costs_are_shown_as_unknown():
    assert (usd(None), usd(0.0), usd(0.00012), usd(12.345)) == ("unknown", "0", "0.0001", "12.35")


def test_markdown_survives_what_names_hold():
    assert markdown_table(["a"], [["x | y\n<b>"]]) == "| a |\n| --- |\n| x \\| y &lt;b> |\n"


def test_causes_tell_slips_from_formats():
    verdict = Verdict("incorrect", "43", "final_line", False, "42")
    check = SolutionCheck("inconsistent", (Equation("6 * 7 = 43", False, "42", 0),), 0, "6 * 7 is 42, not 43")
    row = {"status": "incorrect", "finish_reason": "stop", "detail": {"verdict": asdict(verdict), "check": asdict(check)}}
    assert cause(json.loads(json.dumps(row)), "6 * 7?") == "arithmetic slip"
    assert cause({**row, "finish_reason": "length,stop"}, "6 * 7?") == "token limit reached"
    assert cause({**row, "detail": {}}, "6 * 7?") == "other wrong answer"
    assert cause({**row, "status": "no_answer"}, "6 * 7?") == "no answer"
    assert cause({**row, "status": "error", "detail": {}}, "6 * 7?") == "error"


@pytest.mark.parametrize(
    ("status", "source", "named"),
    [
        ("incorrect", "def solution(): return 1", "wrong value"),
        ("no_answer", "def solution(): return x", "program failed"),
        ("no_answer", "", "no program"),
        ("correct", "def solution(): return 7", "correct"),
    ],
)
def test_the_cause_of_a_program_is_no_missing_step(status, source, named):
    # as earlier versions stored it: every step skipped
    check = asdict(SolutionCheck("unchecked", steps=(StepCheck(0, "skipped", ""),)))
    program = {"source": source, "value": "", "error": ""}
    detail = {"verdict": asdict(Verdict("incorrect", "1")), "check": check, "program": program}
    assert cause({"status": status, "finish_reason": "stop", "detail": detail}, "3 + 4?") == named


def test_released_traces_become_cells(tmp_path):
    files = sorted(DATA.glob("*llama27bchat-gsm8k*.csv"))
    if not files:
        pytest.skip("no released traces")
    with Journal(journal_path(tmp_path, "released")) as journal:
        import_traces(files, journal)
        [summary] = summarise(journal)
        assert (summary["teacher"], summary["student"], summary["rows"]) == ("gpt-4-0613", "llama-2-7b-chat", 200)
        assert 0.3 < summary["accuracy"] < 0.55
        assert summary["student_tokens"] > 100_000
        assert summary["mean_steps"] > 3
        assert summary["seconds_per_problem"] is None
        assert journal.totals()["teacher_tokens"] == summary["teacher_tokens"]
        assert export_decompositions(journal, tmp_path / "d.jsonl") == {"gpt-4-0613": 200}
    exported = map(json.loads, (tmp_path / "d.jsonl").read_text().splitlines())
    said = {trace["dataset_question"].strip(): trace["delegation"]["output_text"] for trace in read_traces(files[0])}
    assert {line["question"]: line["decomposition"] for line in exported} == said


def test_a_file_that_is_no_trace_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no trace file .*x\.csv"):
        cell_of(tmp_path / "x.csv")
    (tmp_path / "x.csv").touch()
    with pytest.raises(ValueError, match="the name must be like sot-"):
        cell_of(tmp_path / "x.csv")
    path = tmp_path / "sot-a-b-gsm8k-1-traces.csv"
    path.write_text('"{""dataset_question"": ""1?""}"\n')
    with Journal(journal_path(tmp_path, "released")) as journal, pytest.raises(ValueError, match="row 1: not a trace"):
        import_traces([path], journal)


def test_columns_that_say_nothing_are_left_out(journal):
    header, rows = summary_cells(summarise(journal))
    assert header[0] == "method"
    assert "USD" not in header
    assert len(rows) == 2


def test_reviews_show_only_columns_that_hold_something():
    entry = {"problems": "sums", "student": "s", "teacher": "t", "reviewed": 3, "waiting": 0, "approved": 2, "edited": 1}
    entry |= {"rejected": 0, "words": 4.0, "reviewed_right": (2, 3), "unreviewed_right": (1, 5)}
    header, rows = review_cells([entry | {"changed_right": (1, 1), "original_right": (0, 0)}])
    assert header[:2] == ["teacher", "reviewed"]
    assert header[-3:] == ["accuracy reviewed", "not reviewed", "changed steps"]
    assert [len(row) for row in rows] == [len(header)]


def test_lines_of_an_axis_stand_where_their_labels_say():
    summary = {"n": 60, "rows": 60, "cost_usd": 0.0, "teacher_tokens": 0, "student_tokens": 1568}
    summary |= {"unknown_tokens": 0, "accuracy": 0.2}
    shown = cost_figure([{**summary, "label": "standard", "student": "s", "problems": "sums"}])
    labels = [float(label) for label in re.findall(r">([\d.]+) %<", shown)]
    assert len(labels) > 3
    assert len({round(after - before, 6) for before, after in pairwise(labels)}) == 1


def test_the_page_opens_with_what_to_think(journal):
    html = make_report(journal).html
    body = html[html.index("<h1>") :]
    assert body.index("<strong>No evidence that a teacher lifts") < body.index("running time") < body.index("<h2>Summary")
    assert body.index('id="figure-frontier"') < body.index('id="figure-accuracy"')


@pytest.mark.browser
def test_the_page_fits_a_phone(journal, browser, tmp_path):
    journal.set("traces_page", "http://127.0.0.1:5000/#/experiments/1/traces?selectedEvaluationId=")
    journal.db.execute("update rows set trace_id = 'tr-abc'")
    (tmp_path / "report.html").write_text(make_report(journal).html, encoding="utf-8")
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    browser.get((tmp_path / "report.html").as_uri())
    width = "return [document.documentElement.scrollWidth, window.innerWidth]"
    assert browser.execute_script(width) == [390, 390]
    cells = browser.find_elements("css selector", ".wide td")
    assert cells
    assert all(cell.rect["x"] + cell.rect["width"] <= 390 for cell in cells)
    assert not browser.find_elements("css selector", "details.fold[open]")
    browser.save_screenshot(str(tmp_path / "phone.png"))
    link = browser.find_element("css selector", ".attempt h3 a")
    assert link.get_attribute("href").endswith("selectedEvaluationId=tr-abc")
