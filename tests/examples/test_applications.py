"""The applications that embed the graph, each with its real counterpart: a checkpoint file, an HTTP client, MCP servers."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from trace_of_thought.models import ScriptedChatModel

APPLICATIONS = Path(__file__).parents[2] / "examples" / "applications"
QUESTION = "A box holds 6 eggs. How many eggs are in 7 boxes?"
STEPS = "1. Multiply 6 by 7.\n2. State the product."
TOT = [sys.executable, "-c", "import sys; from trace_of_thought.cli.app import main; sys.argv[0] = 'tot'; main()"]

pytestmark = pytest.mark.slow


@pytest.fixture
def models(openai_server, monkeypatch):
    """Teacher, student and agent: one OpenAI-compatible server on loopback."""
    pytest.importorskip("langchain_openai")

    def reply(prompt):
        if "step-by-step prompts" in prompt:
            return STEPS
        return "You have 42 eggs." if "pupil" in prompt else "6 * 7 = 42\nAnswer: 42"

    openai_server.reply = reply
    for name, value in {
        "OPENAI_BASE_URL": openai_server.url,
        "OPENAI_API_KEY": "secret-key",
        "TOT_TEACHER": "openai:teacher",
        "TOT_STUDENT": "openai:student",
        "TOT_AGENT": "openai:agent",
    }.items():
        monkeypatch.setenv(name, value)
    return openai_server


def start(name, *arguments, **options):
    command = [sys.executable, str(APPLICATIONS / name), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def run(name, *arguments, **options):
    process = start(name, *arguments, stdin=subprocess.DEVNULL, **options)
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 0, said
    return said


def test_all_are_short():
    files = sorted(APPLICATIONS.glob("*.py"))
    assert len(files) == 5
    assert all(len(file.read_text().splitlines()) < 80 for file in files)


@pytest.mark.parametrize("name", [*sorted(file.name for file in APPLICATIONS.glob("*.py")), "../recorded_student.py"])
def test_without_arguments_it_prints_how_it_is_called(name):
    process = start(name)
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 1
    assert f"{Path(name).name} " in said
    assert "Traceback" not in said


def test_a_desk_that_is_killed_while_it_waits_goes_on_in_another_process(models, tmp_path):
    process = start("homework_desk.py", "ask", "t1", QUESTION, stdin=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout.readline() == "waits for approval: ['Multiply 6 by 7.', 'State the product.']\n"
    process.kill()
    process.wait()
    assert [request["model"] for request in models.requests] == ["teacher"]
    assert run("homework_desk.py", "approve", "t1", cwd=tmp_path) == "You have 42 eggs.\n"
    assert [request["model"] for request in models.requests] == ["teacher", "student", "teacher"]  # the last one sums up
    process = start("homework_desk.py", "approve", "t9", cwd=tmp_path)
    assert process.communicate(timeout=120)[0].startswith("no plan of the thread 't9' waits for approval")
    assert process.returncode == 1
    assert run("homework_desk.py", "ask", "t2", "Hello!", cwd=tmp_path) == "Please ask a problem with numbers.\n"
    assert len(models.requests) == 3


def test_an_agent_calls_the_graph_as_a_tool(models, tmp_path):
    arguments = json.dumps({"question": QUESTION})
    call = {"id": "1", "type": "function", "function": {"name": "solve_with_steps", "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    models.queue.append((200, json.dumps(body)))
    said = run("agent.py", "How many eggs are in 7 boxes of 6?", cwd=tmp_path)
    assert "steps: ['Multiply 6 by 7.', 'State the product.'] status: consistent" in said
    last = models.requests[-1]
    assert (last["model"], last["messages"][-1]["role"]) == ("agent", "tool")
    assert last["messages"][-1]["content"].startswith("Answer: 42")


def test_a_service_streams_steps_tokens_and_verdict(models, tmp_path, free_port):
    port = free_port()
    process = start("service.py", str(port), cwd=tmp_path)
    try:
        wait_for(f"http://127.0.0.1:{port}/docs", process)
        with httpx.stream("POST", f"http://127.0.0.1:{port}/solve", json={"question": QUESTION, "reference": "42"}) as answer:
            events = [json.loads(line) for line in answer.iter_lines()]
        assert events[0] == {"event": "steps", "data": ["Multiply 6 by 7.", "State the product."]}
        assert "".join(event["data"] for event in events if event["event"] == "token") == "6 * 7 = 42\nAnswer: 42"
        assert events[-1] == {"event": "verdict", "data": {"answer": "42", "status": "correct"}}
        assert httpx.post(f"http://127.0.0.1:{port}/solve", json={"question": ""}).status_code == 422
        models.queue += [(401, json.dumps({"error": {"message": "bad key secret-key"}}))] * 3
        failed = httpx.post(f"http://127.0.0.1:{port}/solve", json={"question": QUESTION}).text
        assert json.loads(failed) == {"event": "error", "data": "ModelError"}
    finally:
        process.terminate()
        process.wait(30)


def wait_for(address, process):
    for _ in range(300):
        try:
            httpx.get(address, timeout=1)
            return
        except httpx.HTTPError:
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")


@pytest.mark.parametrize("way", ["stdio", "http"])
def test_an_mcp_client_over_both_transports(models, tmp_path, way):
    pytest.importorskip("mcp")
    command = [*TOT, "mcp", "--student", "openai:student", "--teacher", "openai:teacher"]
    if way == "stdio":
        said = run("mcp_client.py", QUESTION, *command, cwd=tmp_path)
    else:
        with subprocess.Popen([*command, "--http", "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
            address = re.search(r"http\S+", server.stdout.readline())[0]
            said = run("mcp_client.py", QUESTION, address, cwd=tmp_path)
            server.terminate()
    assert "answer: 42 status: consistent" in said
    assert "decompose is done" in said


@pytest.mark.timeout(900)
def test_both_checkers_find_nothing_in_them(tmp_path):
    for file in APPLICATIONS.glob("*.py"):
        shutil.copy(file, tmp_path)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard", "include": ["*.py"]}))
    source = str(Path(sys.modules[ScriptedChatModel.__module__].__file__).parents[2])
    env = os.environ | {"MYPYPATH": source, "PYTHONPATH": source}
    names = [file.name for file in sorted(tmp_path.glob("*.py"))]
    mypy = ["mypy", "--strict", "--follow-imports=silent", "--cache-dir", str(tmp_path / "cache"), *names]
    for command in (mypy, ["basedpyright", "--pythonpath", sys.executable]):
        done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, env=env, capture_output=True, text=True)
        found = [line for line in done.stdout.splitlines() if re.search(r"(?:\w+\.py:.*error|^\s+\S+ - error)", line)]
        assert not [line for line in found if source not in line], done.stdout[-3000:]
        assert "5 source files" in done.stdout or "0 errors" in done.stdout, done.stdout + done.stderr
