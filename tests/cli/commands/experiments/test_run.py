import json
import re
import signal
import subprocess
import sys
import time

import pytest


@pytest.fixture
def server(openai_server):
    def reply(prompt):
        if "step-by-step prompts" in prompt:
            return "1. Look at the number.\n2. Add one to it."
        number = int(re.search(r"What is (\d+) \+ 1", prompt)[1])
        return f"Answer: {number + 1 if 'following steps' in prompt or number < 2 else 99}"

    openai_server.reply = reply
    return openai_server


@pytest.fixture
def sums(tmp_path):
    rows = [{"question": f"What is {n} + 1?", "reference": str(n + 1)} for n in range(4)]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "sums.jsonl"


def asked(server, sums, *more):
    return ("run", "--problems", sums, "--student", "openai:m", "--teacher", "openai:t", "--base-url", server.url, *more)


def test_a_teacher_whose_server_refuses_structured_output_is_asked_for_text(tot, server, sums):
    server.refuses = "response_format"
    command = ["run", "--problems", sums, "--student", "openai:m", "--teacher", "openai:gpt-4.1-mini", "--base-url", server.url]
    code, text = tot(*command, "--methods", "trace_of_thought", "--no-tracking")
    assert code == 0, text
    assert "4 correct" in text


def test_a_run_ends_with_a_table_and_the_same_command_asks_nothing(tot, server, sums):
    code, output = tot(*asked(server, sums, "--no-tracking"))
    assert code == 0, output
    assert re.search(r"standard +4 +50\.0 % \(15\.0-85\.0\)", output)
    assert re.search(r"trace_of_thought \(t\) +4 +100\.0 % \(51\.0-100\.0\)", output)
    assert "2 / 0" in output
    assert len(server.prompts) == 12
    code, output = tot(*asked(server, sums, "--no-tracking"))
    assert (code, len(server.prompts)) == (0, 12)
    assert "100.0 %" in output


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_recorded_teacher_that_knows_no_problem_is_refused_before_the_run(tot, tmp_path, openai_server, more):
    (tmp_path / "own.jsonl").write_text('{"question": "What is 6 * 7?", "reference": "42"}\n')
    models = ("--student", "openai:m", "--base-url", openai_server.url, "--teacher", "recorded:sample")
    code, text = tot("run", "--problems", "own.jsonl", *models, "--no-tracking", *more)
    assert (code, openai_server.hits) == (1, 0)
    assert "recorded:sample has steps for its own 40 problems only" in text
    assert not list(tmp_path.glob(".trace_of_thought/*.sqlite"))


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
@pytest.mark.parametrize("mode", ["hint", "standard > teacher", "standard > joint > teacher if differs"])
def test_a_recorded_teacher_without_solutions_is_refused_where_they_are_asked_for(tot, tmp_path, openai_server, mode, more):
    models = ("--student", "openai:m", "--base-url", openai_server.url, "--teacher", "recorded:sample", "--no-tracking")
    code, text = tot("run", "--problems", "sample", "--methods", "trace_of_thought", "--mode", mode, *models, *more)
    assert (code, openai_server.hits) == (1, 0)
    assert "sample holds no solution by 'by hand' for any of these 40 problems" in text
    assert not list(tmp_path.glob(".trace_of_thought/*.sqlite"))
    code, text = tot("run", "--problems", "sample", *models, "--mode", "standard > joint", "--dry-run")
    assert code == 0, text


@pytest.mark.slow
def test_everything_is_in_mlflow(tot, server, sums, store_here, tmp_path):
    code, output = tot(*asked(server, sums, "--experiment", "sums"))
    assert code == 0, output
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("sums")
    runs = client.search_runs([experiment.experiment_id])
    cells = {run.data.params["method"]: run for run in runs if "method" in run.data.params}
    assert set(cells) == {"standard", "trace_of_thought"}
    assert cells["standard"].data.metrics["accuracy"] == 0.5
    assert list(cells["standard"].data.metrics)[:4] == ["accuracy", "acc_low", "acc_high", "n"]  # MLflow's columns, in order
    assert cells["trace_of_thought"].data.metrics["status_correct"] == 4
    [parent] = [run for run in runs if "method" not in run.data.params]
    assert {"report.html", "table.md"} <= {file.path for file in client.list_artifacts(parent.info.run_id)}
    assert len(client.search_traces(locations=[experiment.experiment_id], include_spans=False)) == 8


@pytest.mark.slow
def test_without_tracking_mlflow_is_not_imported(server, sums, tmp_path):
    program = (
        "import sys; sys.argv = ['tot', *sys.argv[1:]]\n"
        "from trace_of_thought.cli.app import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "assert 'mlflow' not in sys.modules and 'torch' not in sys.modules"
    )
    command = [sys.executable, "-c", program, *asked(server, sums, "--no-tracking")]
    done = subprocess.run(command, cwd=tmp_path, env={"OPENAI_API_KEY": "x", "PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_dry_run_asks_nobody_and_knows_prices(tot, sums, server):
    code, output = tot("run", "--problems", sums, "--student", "openai:gpt-4.1", "--teacher", "openai:no-such", "--dry-run")
    assert code == 0, output
    assert "unknown costs" in output
    assert re.search(r"trace_of_thought \(no-such\) +4 +0 +4 +4 ", output)
    code, output = tot(*asked(server, sums, "--dry-run", "--price", "openai:m=1/2", "--price", "openai:t=1/2"))
    assert "unknown" not in output
    assert server.hits == 0


def test_one_bad_problem_stops_nobody_and_is_named(tot, server, sums, tmp_path):
    good = server.reply

    def reply(prompt):
        if "What is 2 +" in prompt:
            raise ValueError("broken")
        return good(prompt)

    server.reply = reply
    student = f"{{model: 'openai:m', base_url: '{server.url}', max_retries: 0}}"
    (tmp_path / "mine.yaml").write_text(f"problems: sums.jsonl\nmethods: [standard]\nstudents: {student}\n")
    code, output = tot("run", "mine.yaml", "--no-tracking")
    assert code == 1, output
    assert "1 error" in output
    assert "first: sums-3" in output
    assert re.search(r"standard +3 ", output)


def test_names_in_a_data_set_cannot_steer_the_terminal(tot, server, tmp_path):
    server.refuses = "messages"
    row = {"question": "What is 1 + 1?", "reference": "2", "problem_id": "\x1b[31mred"}
    (tmp_path / "mine.jsonl").write_text(json.dumps(row))
    code, output = tot(*asked(server, "mine.jsonl", "--methods", "standard", "--retries", "0", "--no-tracking"))
    assert code == 1
    assert "(first: [31mred)" in output
    assert "\x1b" not in output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--student", "nobody"), "has no provider"),
        (("--student", "hf:./nowhere"), "no such file or folder"),
        (("--student", "openai:m", "--teacher", "recorded:no.jsonl"), "no recorded decompositions at 'no.jsonl'"),
        (("--student", "openai:m", "--methods", "standart"), "did you mean 'standard'"),
        (("--student", "openai:m", "--problems", "gsm9k"), "no problems 'gsm9k'"),
        (("--student", "openai:m", "--prompts", "fancy"), "no prompt set 'fancy'"),
        (("nowhere.yaml",), "no experiment file 'nowhere.yaml'"),
        (("--student", "nobody", "--dry-run"), "has no provider"),
        (("--student", "self", "--dry-run"), "a student cannot be 'self'"),
        (
            ("--student", "openai:m", "--exclude", "method=standart", "--dry-run"),
            "no combination has the method 'standart' (did you mean",
        ),
        (
            ("--student", "openai:m", "--exclude", "method=standard,seed=7", "--dry-run"),
            "no combination has the seed '7'; there is 0",
        ),
        (("--student", "openai:m", "--exclude", "seed=²", "--dry-run"), "no combination has the seed '²'"),
        (
            ("--student", "openai:m", "--price", "openai:n=1/2", "--dry-run"),
            "the experiment has no model 'openai:n' (did you mean 'openai:m'?)",
        ),
        (("--student", "openai:m", "--review", "alwys"), "'alwys' is not one of 'never', 'always', 'flagged'"),
        (("--student", "openai:m", "--tracking-fallback", "away"), "'away' is not"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(tot, arguments, complaint):
    code, output = tot("run", *arguments, "--no-tracking")
    assert code == 1
    assert complaint in output
    assert "Traceback" not in output


def test_a_file_with_options_over_it(tot, server, sums, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        f"problems: sums.jsonl\nmethods: [standard]\nstudents: {{model: 'openai:m', base_url: '{server.url}'}}\n"
    )
    code, output = tot("run", "mine.yaml", "--limit", "2", "--no-tracking")
    assert code == 0, output
    assert len(server.prompts) == 2
    assert "mine.journal.sqlite" in output


@pytest.mark.slow
def test_report_compare_export_and_rescore_follow_a_run(tot, store_here, server, sums, tmp_path):
    tot(*asked(server, sums, "--experiment", "e"))
    code, output = tot("compare", "e:standard", "e:trace")
    assert code == 0, output
    assert "wrong to right: sums-3, sums-4" in output
    code, output = tot("report", "e", "--out", "out", "--no-tracking")
    assert code == 0, output
    assert (tmp_path / "out" / "report.html").read_text().count("What is 3 + 1?") >= 1
    code, output = tot("decompositions", "export", "e", "d.jsonl")
    assert "4 decompositions by t; replay them with --teacher 'recorded:d.jsonl#t'" in output
    before = len(server.prompts)
    code, output = tot("rescore", "e")
    assert (code, len(server.prompts)) == (0, before), output
    assert "8 solutions verified again, 0 verdicts changed" in output


def test_an_unknown_experiment_is_named(tot):
    code, output = tot("report", "nothing")
    assert code == 1
    assert "no experiment 'nothing'" in output


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_what_is_missing_and_goes_on(server, sums, store_here, tmp_path, stop):
    good = server.reply

    def slow(prompt):
        time.sleep(0.3)
        return good(prompt)

    server.reply = slow
    program = "import sys; sys.argv = ['tot', *sys.argv[1:]]; from trace_of_thought.cli.app import main; main()"
    command = [
        sys.executable,
        "-c",
        program,
        *asked(server, sums, "--methods", "standard", "--concurrency", "1", "--seed", "1,2,3"),
    ]
    environment = {"OPENAI_API_KEY": "x", "PATH": "", "HOME": str(tmp_path), "MLFLOW_DISABLE_TELEMETRY": "true"}
    run = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while len(server.prompts) < 3:
        assert run.poll() is None, run.stdout.read()
        time.sleep(0.05)
    run.send_signal(stop)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 128 + stop, output
    missing = int(re.search(r"Interrupted: (\d+) solutions? left", output)[1])
    assert 0 < missing < 12
    before = len(server.prompts)
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(server.prompts) == before + missing


def test_options_reach_the_models_of_a_file(tot, server, sums, tmp_path):
    (tmp_path / "mine.yaml").write_text("problems: sums.jsonl\nmethods: [standard]\nstudents: openai:m\n")
    options = ["--base-url", server.url, "--price", "m=1000/2000", "--max-tokens", "77", "--temperature", "0.5"]
    code, output = tot("run", "mine.yaml", *options, "--no-tracking")
    assert code == 0, output
    assert [(request["max_completion_tokens"], request["temperature"]) for request in server.requests] == [(77, 0.5)] * 4
    assert "0.0600 USD" in output
    code, output = tot("run", "mine.yaml", "--price", "n=1/2")
    assert "has no model 'n'" in output


def test_an_unknown_model_leaves_no_trace(tot, tmp_path):
    code, output = tot("run", "--student", "openia:m")
    assert (code, "unknown provider 'openia'" in output) == (1, True), output
    assert not list(tmp_path.glob("**/*.sqlite"))
    assert not (tmp_path / "mlflow.db").exists()


def test_a_dry_run_notes_once_what_several_students_share_and_advises_by_role(tot, sums):
    shared = ("run", "--problems", sums, "--no-tracking", "--dry-run", "--methods", "standard")
    code, output = tot(*shared, "--student", "recorded:sample")
    assert code == 1
    assert "is among them; use --student hf:MODEL" in output or "is none of them; use --student hf:MODEL" in output
    students = ("--student", "openai:a", "--student", "openai:b", "--teacher", "recorded:sample")
    _, output = tot(*shared, "--methods", "trace_of_thought", *students)
    assert output.count("recorded:sample has steps") == 1
    assert "use --teacher self" in output


def test_one_waiting_solution_is_said_in_the_singular(tot, sums, server):
    code, output = tot(*asked(server, sums, "--limit", "1", "--review", "always", "--no-tracking"))
    assert code == 0, output
    assert "1 solution waiting for a review" in output
