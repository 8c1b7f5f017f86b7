"""Any Unicode, lone surrogates and control characters included, through the whole path and back."""

import asyncio
import csv
import html
import json
import os
import re
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, seed, settings, strategies as st
from rich.console import Console

from trace_of_thought.cli.publish_results import publish
from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.exchange.flat_rows import FORMATS, export_rows
from trace_of_thought.experiments.exchange.publishing import MlflowTracker, experiment_record
from trace_of_thought.experiments.exchange.recorded_file import export_decompositions
from trace_of_thought.experiments.journal.find_journal import find_journal
from trace_of_thought.experiments.report.html_report import make_report
from trace_of_thought.experiments.report.summary import summarise
from trace_of_thought.experiments.report.table import rich_table, summary_cells
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.runner import run_experiment
from trace_of_thought.foundation.encodable import encodable
from trace_of_thought.foundation.redaction import Redactor
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.problems.formats import final_answer
from trace_of_thought.review import ReviewDesk, open_queue
from trace_of_thought.review.queue.json_exchange import export_items, import_decisions

ANY = st.text(st.characters(exclude_categories=()), max_size=30)  # with lone surrogates, which JSON may hold
WORST = "\ud800 \udc00\ud83d\ude00 \x00\x1b[31m\r\n\u202e\u2028\ufeff\ufffe e\u0301 \U0010ffff {question} %s <b>&\\\"'`=cmd()"


@dataclass
class Texts:
    """What strangers write: a problem file, a teacher, a student, a reviewer, and who named the models and the prompts."""

    question: str = WORST
    reference: str = WORST
    problem: str = WORST
    domain: str = WORST
    teacher: str = WORST
    student: str = WORST
    prompt: str = WORST
    name: str = WORST
    reviewer: str = WORST
    comment: str = WORST


def config(texts, folder, **more):
    row = {"question": f"Q {texts.question}", "reference": texts.reference, "id": texts.problem, "domain": texts.domain}
    (folder / "p.jsonl").write_text(json.dumps(row))
    prompts = folder / "prompts"
    prompts.mkdir(exist_ok=True)
    (prompts / "standard.txt").write_bytes(encodable(texts.prompt).replace("{", "(").encode() + b"{question}")
    student = {"model": "scripted:s", "name": encodable(texts.name)}  # a file of settings is text: YAML has no surrogates
    common = {"problems": str(folder / "p.jsonl"), "students": [student], "teachers": "scripted:t", "prompts": str(prompts)}
    return build_config(common | more)


def solve(texts, folder, tracker=None, reviewer=None, **more):
    plan = make_plan(config(texts, folder, **more))
    student = ScriptedChatModel(script=lambda prompt: f"{texts.student}\nAnswer: 4")
    teacher = ScriptedChatModel(script=lambda prompt: f"1. Read it.\n2. Then {texts.teacher}")
    models = {"scripted:s": student, "scripted:t": teacher}
    journal = open_journal(plan, folder)
    with_tracker = tracker(journal) if tracker else None
    outcome = asyncio.run(run_experiment(plan, journal, models=models, tracker=with_tracker, reviewer=reviewer))
    return outcome, journal


def check_journal(texts, journal):
    [problem] = [p for cell in journal.cells() for p in journal.problems(cell["problems"]).values()][:1]
    assert problem.question == encodable(f"Q {texts.question}").strip()
    assert problem.reference == final_answer(encodable(texts.reference))
    assert problem.domain == (encodable(texts.domain) or "math")
    rows = [row for cell in journal.cells() for row in journal.rows(cell["id"], detail=True)]
    assert len(rows) == 2
    assert not [row["error"] for row in rows if row["error"]]
    assert all(row["detail"]["solution"] == encodable(f"{texts.student}\nAnswer: 4") for row in rows)
    assert [reply["text"] for reply in journal.replies()] == [encodable(f"1. Read it.\n2. Then {texts.teacher}")]
    assert {cell["student_label"] for cell in journal.cells()} == {encodable(texts.name) or "s"}
    return problem


def check_exports(texts, journal, folder, problem, formats):
    wanted = {"question": problem.question, "solution": encodable(f"{texts.student}\nAnswer: 4"), "student": None}
    for kind in formats:
        path = folder / f"rows.{kind}"
        export_rows(journal, path, kind)
        if kind == "csv":
            with path.open(encoding="utf-8", newline="") as file:
                rows = [
                    {name: re.sub(r"^'(?=\s*[-=@+＝＠＋－])", "", text) for name, text in row.items()}
                    for row in csv.DictReader(file)
                ]
        elif kind == "jsonl":
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        else:
            import pyarrow.parquet

            rows = pyarrow.parquet.read_table(path).to_pylist()
        assert [(row["question"], row["solution"]) for row in rows] == [(wanted["question"], wanted["solution"])] * 2


def check_report(journal, problem):
    report = make_report(journal)
    data = json.loads(re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', report.html, re.S)[1])
    assert [shown["question"] for shown in data["problems"]] == [problem.question]
    for text in report.files().values():
        text.encode("utf-8")


def check_screen(journal):
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(rich_table("x", *summary_cells(summarise(journal)), 200))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", console.export_text())


texts_of_any_kind = st.builds(Texts, **dict.fromkeys(Texts.__dataclass_fields__, ANY))
several = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)
many = settings(several, max_examples=150)
by_seed = seed(int(os.environ["FAULT_SEED"]))


def check_all(texts, folder, formats):
    _, journal = solve(texts, folder)
    with journal:
        problem = check_journal(texts, journal)
        check_exports(texts, journal, folder, problem, formats)
        check_screen(journal)


@by_seed
@several
@given(texts_of_any_kind)
def test_any_text_comes_back_from_journal_exports_and_screen(tmp_path_factory, texts):
    check_all(texts, tmp_path_factory.mktemp("any"), ("csv", "jsonl"))


@pytest.mark.slow
@by_seed
@many
@given(texts_of_any_kind)
def test_a_lot_of_text_comes_back_from_journal_exports_and_screen(tmp_path_factory, texts):
    check_all(texts, tmp_path_factory.mktemp("any"), ("csv", "jsonl", "parquet"))


@pytest.mark.slow
@by_seed
@settings(many, max_examples=50)
@given(texts_of_any_kind)
def test_a_lot_of_text_can_be_reviewed(tmp_path_factory, texts):
    check_review(texts, tmp_path_factory.mktemp("any"))


def test_the_worst_text_comes_back_from_everything(tmp_path):
    texts = Texts()
    _, journal = solve(texts, tmp_path)
    with journal:
        problem = check_journal(texts, journal)
        check_exports(texts, journal, tmp_path, problem, [kind for kind in FORMATS if kind != "hf"])
        check_report(journal, problem)
        check_screen(journal)


def check_review(texts, folder):
    """Hold the plan back, look at it on the page, decide by file with any comment, and solve."""
    from starlette.testclient import TestClient

    from trace_of_thought.review import make_app

    queue = open_queue(folder / "reviews.sqlite")
    fields = {"methods": "trace_of_thought", "review": "always"}
    outcome, journal = solve(texts, folder, reviewer=ReviewDesk(queue), **fields)
    journal.close()
    assert outcome.waiting == 1
    page = TestClient(make_app(queue), base_url="http://127.0.0.1")
    [item] = queue.pending()
    shown = page.get(f"/items/{item.number}")
    assert shown.status_code == 200
    assert item.steps[-1] in html.unescape(shown.text) or any(not mark.isprintable() for mark in item.steps[-1])
    file = folder / "reviews.json"
    export_items(queue, file)
    [row] = json.loads(file.read_text(encoding="utf-8"))
    assert row["steps"] == item.steps
    row |= {"decision": "edit", "comment": texts.comment, "steps": [f"Do {texts.teacher}"], "reviewer": f"R{texts.reviewer}"}
    file.write_text(json.dumps([row]))
    assert import_decisions(queue, file).decided == [item.number]
    assert page.get("/history").status_code == 200
    _, journal = solve(texts, folder, reviewer=ReviewDesk(queue), **fields)
    with journal:
        [solved] = [row for cell in journal.cells() for row in journal.rows(cell["id"], detail=True)]
    queue.close()
    assert (solved["status"], solved["error"]) != ("error", None)
    assert solved["error"] is None
    [review] = solved["detail"]["reviews"]
    assert review["comment"] == encodable(texts.comment)
    assert review["reviewer"] == encodable(f"R{texts.reviewer}")
    assert solved["detail"]["steps"] == [encodable(f"Do {texts.teacher}").strip()]


@by_seed
@settings(several, max_examples=2)
@given(texts_of_any_kind)
def test_any_text_can_be_reviewed(tmp_path_factory, texts):
    check_review(texts, tmp_path_factory.mktemp("any"))


def test_the_worst_text_can_be_reviewed(tmp_path):
    check_review(Texts(), tmp_path)


@pytest.mark.slow
def test_the_worst_text_comes_back_from_mlflow(tmp_path, store_here, monkeypatch):
    from trace_of_thought import tracking

    monkeypatch.setenv("TOT_HOME", str(tmp_path))
    texts, store = Texts(), tracking.connect(f"sqlite:///{store_here}")
    opened = []

    def tracker(journal):
        opened.append(tracking.open_runs(store, experiment_record(journal, whole=False)))
        return MlflowTracker(opened[0])

    _, journal = solve(texts, tmp_path, tracker)
    with journal:
        publish(journal, store)
        assert store.close() == 0
        traces = store.client.search_traces(locations=[opened[0].experiment_id], max_results=10)
        assert len(traces) == 2
        kept = Redactor().text
        for trace in traces:
            spans = {span.name: span for span in trace.data.spans}
            assert spans["solve"].outputs["solution"] == kept(f"{texts.student}\nAnswer: 4")
            assert json.loads(trace.info.request_preview)["question"][:20] == kept(f"Q {texts.question}").strip()[:20]


@by_seed
@settings(several, max_examples=8)
@given(ANY)
def test_any_name_of_an_experiment_is_used_or_refused_in_words(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("named")
    try:
        _, journal = solve(Texts(), folder, name=name)
    except ValueError as error:
        assert "name" in str(error)  # noqa: PT017
        str(error).encode("utf-8")
        assert not list(folder.glob("*.sqlite"))
        return
    with journal:
        assert journal.path.parent == folder
        assert find_journal(name, folder).get("name") == name


@by_seed
@several
@given(ANY)
def test_any_plan_that_is_exported_comes_back_as_a_recorded_teacher(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("plans")
    texts = Texts(teacher=text)
    steps = []
    for teacher in ("scripted:t", f"recorded:{folder / 'plans.jsonl'}"):
        _, journal = solve(texts, folder, teachers=teacher, methods="trace_of_thought")
        with journal:
            rows = [row for cell in journal.cells() for row in journal.rows(cell["id"], detail=True)]
            steps.append(rows[-1]["detail"]["steps"])
            if not (folder / "plans.jsonl").exists():
                export_decompositions(journal, folder / "plans.jsonl")
    assert steps[0] == steps[1]
    assert len(rows) == 2
