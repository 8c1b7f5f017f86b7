"""A remote model that fails in every way it can, behind a real HTTP server on loopback and the real OpenAI client."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from trace_of_thought import build_baseline, load_chat_model
from trace_of_thought.cli.errors import explain

pytest.importorskip("langchain_openai")

GOOD = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Answer: 42"}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


@pytest.fixture
def server():
    """A server that gives the queued (status, body) answers, then good ones; `hits` counts the requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.server.hits += 1
            status, body = self.server.queue.pop(0) if self.server.queue else (200, json.dumps(GOOD))
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.queue, server.hits = [], 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def student(server, **options):
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    return load_chat_model("openai:m", base_url=url, api_key="x", **{"max_retries": 1, "timeout": 5, **options})


def ask(model):
    return build_baseline("standard", model).invoke({"question": "What is 6 times 7?", "reference": "42"})


def test_a_good_reply_counts_the_servers_tokens(server):
    result = ask(student(server))
    assert result["status"] == "correct"
    assert result["usage"]["student"] == {"calls": 1, "input_tokens": 9, "output_tokens": 3, "unknown": 0}


@pytest.mark.parametrize("fault", [(429, "{}"), (500, "oops"), (503, ""), (None, "")])
def test_a_passing_fault_is_retried_once_in_one_layer(server, fault):
    server.queue = [fault]
    assert ask(student(server))["status"] == "correct"
    assert server.hits == 2


@pytest.mark.parametrize(
    ("status", "body", "advice"),
    [
        (429, '{"error": {"message": "slow down"}}', "lower --concurrency"),
        (500, '{"error": {"message": "boom"}}', "run the same command again"),
        (401, '{"error": {"message": "bad key"}}', "API key"),
        (404, '{"error": {"message": "no such model"}}', "check the name"),
        (None, "", "cannot be reached"),
        (200, "<html>login</html>", ""),
        (200, "{}", ""),
        (200, json.dumps(GOOD | {"choices": []}), ""),
    ],
)
def test_a_lasting_fault_says_what_to_do(server, status, body, advice):
    server.queue = [(status, body)] * 9
    with pytest.raises(Exception) as caught:  # noqa: PT011
        ask(student(server))
    message = explain(caught.value)
    assert advice in message
    assert "while asking the student 'm' about 'What is 6 times 7?'" in message
    assert len(message.splitlines()) == 1


def test_a_server_that_is_not_there():
    model = load_chat_model("openai:m", base_url="http://127.0.0.1:9/v1", api_key="x", max_retries=0)
    with pytest.raises(Exception, match="Connection") as caught:
        ask(model)
    assert "check the base URL and that it is running" in explain(caught.value)


def test_a_server_that_never_answers(server):
    hold = threading.Event()
    server.RequestHandlerClass.do_POST = lambda handler: hold.wait(20)
    with pytest.raises(Exception, match="timed out") as caught:
        ask(student(server, timeout=0.3, max_retries=0))
    hold.set()
    assert "did not answer in time" in explain(caught.value)


def test_an_empty_reply_is_no_answer_and_a_cut_one_says_so(server):
    empty = json.loads(json.dumps(GOOD))
    empty["choices"][0]["message"]["content"] = ""
    empty["choices"][0]["finish_reason"] = "length"
    server.queue = [(200, json.dumps(empty))]
    result = ask(student(server))
    assert result["status"] == "no_answer"
    assert result["solutions"][0]["finish_reason"] == "length"
