"""Teacher and student behind a server that does everything wrong that a server can: `hostile_server.FAULTS`, each by name."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hostile_server import FAULTS

from trace_of_thought import build_trace_of_thought, load_chat_model
from trace_of_thought.experiments.journal.find_journal import find_journal

pytest.importorskip("langchain_openai")

ROLES = ("teacher", "student")
KEY = "sk-planted-0123456789abcdef"
SECONDS = 60
SPENT = ("slow_drip",)
"""Faults that last as long as the timeout: tested by themselves, with a short one."""


def expected(name, role):
    """What must come of a problem: a teacher that says nothing, or refuses, leaves the student without a plan."""
    outcome = FAULTS[name].outcome
    return "correct" if outcome == "answered" or (role == "teacher" and outcome == "no_answer") else outcome


def question(name, role, more=""):
    return f"What is 2 + 2? [{name} {role}] {more}".strip()


@pytest.fixture
def graph(hostile):
    def load(name):
        return load_chat_model(f"openai:{name}", base_url=hostile.url, api_key=KEY, timeout=SECONDS, max_retries=2)

    return build_trace_of_thought(load("t"), load("s"))


def outcome(graph, name, role, streams):
    """Return the status of a run, its tokens of the role, and everything that it returned or said."""
    given = {"question": question(name, role, "streamed" if streams else "whole"), "reference": "4"}
    state = {}
    try:
        if streams:
            for kind, data in graph.stream(given, stream_mode=["messages", "updates"]):
                for update in data.values() if kind == "updates" else ():
                    state |= update or {}
        else:
            state = graph.invoke(given)
    except Exception as error:
        return "error", error.usage[role], str(error)
    return state["status"], state["usage"][role], json.dumps(state, ensure_ascii=False)


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
def test_every_fault_has_the_outcome_that_it_deserves(graph, streams):
    cases = [(name, role) for name in FAULTS if name not in SPENT for role in ROLES]
    with ThreadPoolExecutor(16) as pool:
        found = dict(zip(cases, pool.map(lambda case: outcome(graph, *case, streams), cases), strict=True))
    assert {case: status for case, (status, _, _) in found.items()} == {case: expected(*case) for case in cases}
    for (name, role), (status, used, said) in found.items():
        said.encode("utf-8")
        assert KEY not in said
        if status == "correct":
            assert (name, role, used["unknown"], used["calls"]) == (name, role, int(FAULTS[name].unknown), 1)
        if status == "error":
            assert f"while asking the {role}" in said
            assert len(said) < 1500


@pytest.fixture
def faults_file(tmp_path):
    names = [(name, role) for name in FAULTS if name not in SPENT for role in ROLES]
    rows = [{"question": question(*name), "reference": "4", "id": " ".join(name)} for name in names]
    (tmp_path / "faults.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "faults.jsonl"


def test_a_run_over_every_fault_ends_with_a_row_for_each(tot, hostile, faults_file, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", hostile.url, "--timeout", str(SECONDS)]
    command = ["run", "--problems", faults_file, *models, "--methods", "trace_of_thought", "--retries", "0", "--no-tracking"]
    code, output = tot(*command, "--concurrency", "32")
    assert code == 1  # some problems failed, and the run did not
    assert "Traceback" not in output
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", output)
    with find_journal("experiment", tmp_path / ".trace_of_thought") as journal:
        [cell] = journal.cells()
        rows = {row["problem_id"]: row for row in journal.rows(cell["id"], detail=True)}
        replies = list(journal.replies())
    assert {name: row["status"] for name, row in rows.items()} == {
        f"{name} {role}": expected(name, role) for name in FAULTS if name not in SPENT for role in ROLES
    }
    unknown = {name for name, fault in FAULTS.items() if fault.unknown}
    assert {name.split()[0] for name, row in rows.items() if row["unknown_tokens"]} == unknown
    assert all(row["error"] for row in rows.values() if row["status"] == "error")
    assert KEY not in json.dumps([list(rows.values()), replies])
    for kind in ("csv", "jsonl", "parquet"):
        assert tot("export", "--format", kind)[0] == 0
    assert tot("report", "--no-tracking")[0] == 0
    asked = len(hostile.asked)
    tot(*command, "--concurrency", "32")
    again = {found[0] for _, prompt in hostile.asked[asked:] if (found := re.search(r"\[\w+ \w+\]", prompt))}
    assert again == {f"[{name}]" for name, row in rows.items() if row["status"] == "error"}


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("role", ROLES)
def test_the_timeout_bounds_a_call_that_drips_for_ever(hostile, role, streams):
    patience = {"teacher": SECONDS, "student": SECONDS, role: 0.5}
    models = [
        load_chat_model(f"openai:{name}", base_url=hostile.url, api_key=KEY, timeout=patience[name], max_retries=5)
        for name in ROLES
    ]
    status, _, said = outcome(build_trace_of_thought(*models), "slow_drip", role, streams)
    assert status == "error"
    assert "not complete after 0.5 s, retries included" in said
    assert "raise the timeout" in said


def test_the_timeout_of_a_run_makes_a_dripping_problem_an_error(tot, hostile, tmp_path):
    (tmp_path / "drip.jsonl").write_text(json.dumps({"question": question("slow_drip", "student"), "reference": "4"}) + "\n")
    command = ["run", "--problems", "drip.jsonl", "--student", "openai:s", "--base-url", hostile.url, "--methods", "standard"]
    code, output = tot(*command, "--timeout", "1", "--retries", "0", "--no-tracking")
    assert code == 1
    assert "1 x CallTimeout: the reply was not complete after 1 s" in output


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ["lone_surrogate", "controls", "null_content", "usage_text", "truncated_stream"])
def test_solve_says_on_the_screen_what_happened(tot, hostile, name, role):
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", hostile.url]
    code, output = tot("solve", question(name, role), *models, "--reference", "4", "--no-tracking")
    good = expected(name, role) == "correct"
    assert code == (0 if good else 1)
    assert ("Status  correct" in output) == good
    assert ("error: " in output) != good
    assert "Traceback" not in output
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", output)


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_solve_says_of_every_fault_what_happened(tot, hostile, role):
    models = ["--student", "openai:s", "--teacher", "openai:t", "--base-url", hostile.url, "--timeout", str(SECONDS)]
    for name in FAULTS:
        if name in SPENT:
            continue
        code, output = tot("solve", question(name, role), *models, "--reference", "4", "--no-tracking")
        wanted = expected(name, role)
        assert (name, code) == (name, 1 if wanted == "error" else 0)
        assert (f"Status  {wanted}" in output) == (wanted != "error"), (name, output[-500:])
        assert ("error: " in output) == (wanted == "error"), (name, output[-500:])
        assert "Traceback" not in output
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", output), name
