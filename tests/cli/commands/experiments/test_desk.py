"""Finding, showing, exporting, renaming and deleting experiments."""

import json
import sqlite3

import pytest


@pytest.fixture
def lift(tot, tmp_path, openai_server):
    """An experiment of two methods over four sums; the server solves what it can add."""
    openai_server.reply = lambda prompt: "1. Add.\n2. Say it." if "numbered list" in prompt else "Answer: 3"
    rows = [{"question": f"What is {n} + 1?", "reference": str(n + 1), "problem_id": f"p{n}"} for n in range(1, 5)]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    models = ("--student", "openai:s", "--teacher", "openai:t", "--base-url", openai_server.url)
    code, text = tot("run", "--problems", "sums.jsonl", *models, "--no-tracking", "--experiment", "lift")
    assert code == 0, text
    return text


def test_a_run_ends_with_what_to_think_and_what_the_columns_mean(lift):
    assert "No evidence of a difference" in lift
    assert "gained/lost: problems that only the one or only the other solves" in " ".join(lift.split())


def test_list_shows_experiments_with_their_state_and_tags(tot, lift):
    code, text = tot("list")
    assert code == 0
    assert "lift" in text
    assert "finished" in text
    assert tot("tag", "lift", "paper", "seed=3") == (0, "paper, seed=3\n")
    assert "paper, seed=3" in tot("list", "--tag", "seed=3")[1]
    assert "no experiments with the tag 'other'" in tot("list", "--tag", "other")[1]
    assert tot("tag", "lift", "--remove", "paper") == (0, "seed=3\n")


def test_show_leads_from_the_experiment_to_a_problem_and_on(tot, lift, openai_server):
    assert "trace_of_thought" in tot("show", "lift")[1]
    code, text = tot("show", "lift", "standard", "--failed")
    assert code == 0
    assert "p1" in text
    assert "p2" not in text  # 2 + 1 is 3: the only sum that the server gets right
    code, text = tot("show", "lift", "trace", "p3", "--failed")
    assert code == 0, text
    for part in (
        "What is 3 + 1?",
        "1. Add.",
        "incorrect: answer 3, reference 4",
        "Prompt of the teacher\n",
        "Prompt of the student\n",
        "Solution\n",
        "student: 9 input, 3 output, 1 call\n",
    ):
        assert part in text, part
    prompt = text.partition("Prompt of the student\n")[2].partition("Solution\n")[0]
    assert "What is 3 + 1?" in prompt
    assert "2. Say it." in prompt
    assert prompt.strip() in openai_server.prompts
    assert "2 of 3" in text
    assert "next: tot show lift" in text
    assert "p4 --failed" in text
    assert "no problem 'p9'" in tot("show", "lift", "trace", "p9")[1]
    assert "give an id, or a number from 1 to 4" in " ".join(tot("show", "lift", "trace", "99")[1].split())
    hint = tot("show", "lift", "s", "p3")[1].splitlines()[-1]  # both combinations contain an s
    assert hint.startswith("Look at problem p3 of one with: tot show lift ")
    assert "What is 3 + 1?" in tot(*hint.partition("tot ")[2].split())[1]
    code, text = tot("show", "lift", "--failed")
    assert [line.split()[-1] for line in text.splitlines() if "correct" in line] == ["3", "3"]
    assert text.splitlines()[-1].endswith(" --failed")
    assert "no such problems" in tot("show", "lift", "standard", "--no-answer")[1]
    code, text = tot("show", "lift", "standard", "--flipped")
    assert (code, "s standard on sums has no base that it is compared with" in text) == (1, True)


def test_combinations_that_differ_in_an_option_are_chosen_by_it(tot, tmp_path, openai_server):
    models = ("--student", "openai:s", "--base-url", openai_server.url, "--methods", "standard", "--limit", "2")
    for temperature in ("0", "0.7"):
        code, text = tot("run", *models, "--no-tracking", "--temperature", temperature, "--experiment", "temps")
        assert code == 0, text
    assert "standard [temperature 0.7]" in tot("show", "temps")[1]
    assert "s standard [temperature 0.7] on sample" in tot("show", "temps", "temperature 0.7")[1].splitlines()[0]
    assert tot("compare", "temps:temperature 0.0", "temps:temperature 0.7")[0] == 0
    assert "[temperature 0.0]" in tot("show", "temps", "standard")[1]  # both, as before


def test_columns_of_tables_are_chosen(tot, lift, tmp_path):
    code, text = tot("compare", "lift:standard", "lift:trace", "--show-columns", "p,N,needed")
    assert code == 0, text
    header = next(line for line in text.splitlines() if "(Holm)" in line)
    assert header.split() == ["p", "(Holm)", "n", "needed", "for", "80", "%", "power"]
    code, text = tot("compare", "lift:standard", "lift:trace", "--show-columns", "accurcy")
    assert code == 1
    assert "'accurcy' is not a column" in " ".join(text.replace("│", " ").split())
    code, text = tot("report", "lift", "--no-tracking", "--show-columns", "student,accuracy")
    assert code == 0, text
    table = (tmp_path / "lift-report" / "table.md").read_text().splitlines()
    assert table[0] == "| student | accuracy (95 %) |"
    assert any("gained/lost" in line for line in table)  # none of its columns was named


def test_a_run_shows_the_columns_that_were_asked_for(tot, tmp_path, openai_server):
    models = ("--student", "openai:s", "--base-url", openai_server.url, "--methods", "standard", "--limit", "2")
    code, text = tot("run", *models, "--no-tracking", "--show-columns", "retried,n")
    assert code == 0, text
    header = next(line for line in text.splitlines() if "retried" in line)
    assert header.split() == ["retried", "n"]
    hits = openai_server.hits
    assert tot("run", *models, "--no-tracking", "--show-columns", "nothing")[0] == 1
    assert openai_server.hits == hits


PROGRAM = "```python\ndef solution():\n    return 6 * 7\n```"


def test_show_has_prompt_and_program_of_each_way_of_solving(tot, tmp_path, openai_server):
    openai_server.reply = lambda prompt: (
        "1. Add.\n2. Say it." if "numbered list" in prompt else PROGRAM if "function" in prompt else "so it is 42"
    )
    (tmp_path / "one.jsonl").write_text(json.dumps({"question": "What is 6 * 7?", "reference": "42", "problem_id": "p"}))
    models = ("--student", "openai:s", "--teacher", "openai:t", "--base-url", openai_server.url)
    ladder = ("--escalate", "program_of_thought > joint if always")
    code, text = tot("run", "--problems", "one.jsonl", *models, "--mode", "program,sequential", *ladder, "--no-tracking")
    assert code == 0, text
    shown = {mode: tot("show", "experiment", f", {mode}", "p")[1] for mode in ("program)", "sequential)", "program_of_thought")}
    assert "\nProgram\ndef solution():\n    return 6 * 7\n\nValue of the program\n42\n" in shown["program)"]
    assert "Prompt of the student (2 of 2)\n" in shown["sequential)"]
    assert "Result: so it is 42" in shown["sequential)"].partition("Prompt of the student (2 of 2)")[2]
    assert "Prompt of the student (1 of 2)\n" in tot("show", "experiment", ", sequential)", "p", "--full")[1]
    assert "\nRungs\njoint, since every problem is asked\n" in shown["program_of_thought"]
    for text in shown.values():
        prompt = text.partition("Prompt of the student")[2].partition("\n")[2].partition("\nSolution\n")[0]
        assert prompt.strip() in [asked.strip() for asked in openai_server.prompts]


def test_export_writes_rows(tot, lift, tmp_path):
    assert tot("export", "lift", "--format", "jsonl") == (0, "8 rows written to lift.jsonl\n")
    assert len((tmp_path / "lift.jsonl").read_text().splitlines()) == 8
    assert "student_input_tokens" in tot("export", "--columns")[1]
    assert tot("export", "nowhere")[0] == 1


def test_rename_and_delete(tot, lift, tmp_path):
    for name in ("../elsewhere", ""):
        code, text = tot("rename", "lift", name)
        assert code == 1
        assert f"name: '{name}' is no name: a name begins with a letter or digit" in " ".join(text.split())
    code, text = tot("rename", "lift", "lift 2")
    assert code == 0, text
    assert "no experiment 'lift'" in tot("show", "lift")[1]
    code, text = tot("compare", "lift 2:standard", "lift 2:trace")
    assert code == 0, text
    code, text = tot("delete", "lift 2")
    assert code == 1
    assert "never sent to MLflow" in text
    code, text = tot("delete", "lift 2", "--yes")
    assert code == 0, text
    assert not list((tmp_path / ".trace_of_thought").glob("*.journal.*"))


def test_an_experiment_that_runs_is_neither_renamed_nor_deleted(tot, lift, tmp_path):
    [path] = (tmp_path / ".trace_of_thought").glob("*.journal.sqlite")
    with sqlite3.connect(path.with_suffix(".lock"), isolation_level=None) as other:
        other.execute("begin exclusive")
        assert "running" in tot("list")[1]
        assert "another run is writing" in tot("delete", "lift", "--yes")[1]
        assert "another run is writing" in tot("rename", "lift", "other")[1]


def test_a_dry_run_that_would_fail_exits_with_1(tot, tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    refused = {
        "recorded:none.jsonl": "no recorded",
        "recorded:empty.jsonl": "no decompositions",
        "opnai:x": "did you mean 'openai'",
    }
    for teacher, said in refused.items():
        code, text = tot(
            "run", "--dry-run", "--teacher", teacher, "--student", "openai:s", "--base-url", "http://127.0.0.1:1/v1"
        )
        assert code == 1, teacher
        assert said in " ".join(text.split()), text


def test_a_dry_run_says_which_limit_it_passes(tot, openai_server):
    models = (
        "--student",
        "openai:s",
        "--base-url",
        openai_server.url,
        "--methods",
        "standard",
        "--price",
        "openai:s=1000/1000",
    )
    code, text = tot("run", *models, "--dry-run", "--max-cost-usd", "0.5", "--max-total-tokens", "200")
    said = " ".join(text.split())
    assert code == 0
    assert "exceed --max-cost-usd=0.5; the run would stop early" in said
    assert "exceed --max-total-tokens=200; the run would stop early" in said


def test_a_dry_run_tells_what_a_ladder_needs_at_least_and_at_most(tot, openai_server):
    models = ("--student", "openai:s", "--teacher", "openai:t", "--base-url", openai_server.url, "--limit", "12")
    ladder = ("--methods", "trace_of_thought", "--mode", "standard > chain_of_thought if always > teacher if differs")
    prices = ("--price", "openai:s=0/0", "--price", "openai:t=0/1000")
    code, text = tot("run", *models, *ladder, *prices, "--dry-run", "--max-cost-usd", "0.5")
    said = " ".join(text.split())
    assert code == 0, text
    assert "1 combination, about 24 to 36 calls, about 0 to 3.00 USD" in said
    assert "exceed --max-cost-usd=0.5; the run may stop early" in said


def test_a_tracking_server_that_is_away_leaves_no_experiment(tot, tmp_path, openai_server):
    models = ("--student", "openai:s", "--base-url", openai_server.url, "--methods", "standard")
    code, text = tot("run", *models, "--tracking-uri", "http://127.0.0.1:1", "--experiment", "away")
    assert code == 1
    assert "no MLflow server answers at http://127.0.0.1:1" in " ".join(text.split())
    assert openai_server.hits == 0
    assert not list(tmp_path.rglob("away.journal*"))


def test_a_budget_has_an_exit_code_of_its_own(tot, tmp_path, openai_server):
    models = ("--student", "openai:s", "--base-url", openai_server.url, "--methods", "standard", "--concurrency", "1")
    code, text = tot("run", *models, "--no-tracking", "--max-total-tokens", "20")
    assert code == 3
    assert "Stopped by --max-total-tokens=20" in text


def test_a_folder_whose_only_journal_cannot_be_read_is_not_called_empty(tot, tmp_path):
    path = tmp_path / ".trace_of_thought" / "e.journal.sqlite"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"something else entirely" * 100)
    code, output = tot("list")
    assert (code, "cannot be read" in output, "no experiments" in output) == (1, True, False)
