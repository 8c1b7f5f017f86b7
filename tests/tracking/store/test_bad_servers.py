"""Servers at the address of MLflow that refuse, stall or answer with something else: traces wait, and one line says why."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from trace_of_thought import tracking
from trace_of_thought.foundation.folders import home
from trace_of_thought.tracking.runs.run_records import ExperimentRecord
from trace_of_thought.tracking.store.outbox import Outbox

PAGE = b"<html><body>Please log in</body></html>"
REFUSAL = b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no such thing"}'


class BadServer(ThreadingHTTPServer):
    """Answers /health and the first request of a store well, and everything else as `status` and `body` say.

    Attributes:
        stalls: whether it answers nothing but /health, until `released` is set.
        drips: whether the body of /health never comes.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.body = 200, b"{}"
        self.usable = True
        self.stalls = self.drips = False
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    server: BadServer

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        health = self.path.startswith("/health")
        if self.server.stalls and not health:
            self.server.released.wait(30)
        well = health or (self.server.usable and "experiments/search" in self.path)
        status, body = (200, b"{}") if well else (self.server.status, self.server.body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.drips and health:
            self.server.released.wait(30)
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = answer

    def log_message(self, *values: Any) -> None:
        """Print nothing."""


@pytest.fixture
def bad_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with BadServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


def test_a_server_that_only_answers_health_checks_is_given_up(bad_server: BadServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trace_of_thought.tracking.store.reachability._REQUEST_S", 0.1)
    bad_server.stalls = True
    with pytest.raises(tracking.TrackingUnavailable, match=r"no reply within 0\.1 s.*--tracking-fallback local"):
        tracking.connect(bad_server.url)
    store = tracking.Store(bad_server.url)
    for _ in range(5):
        with pytest.raises(tracking.TrackingUnavailable, match="no reply within"):
            store.check()
    probes = [thread for thread in threading.enumerate() if thread.name == "tracking-probe"]
    assert len(probes) == 2  # one of each store
    bad_server.stalls = False
    bad_server.released.set()
    for probe in probes:
        probe.join()
    store.check()


def test_a_health_check_does_not_wait_for_the_body(bad_server: BadServer) -> None:
    bad_server.drips = True
    started = time.monotonic()
    tracking.Store(bad_server.url).check()
    assert time.monotonic() - started < 20


def test_a_login_page_is_told_from_mlflow(bad_server: BadServer) -> None:
    bad_server.usable, bad_server.body = False, PAGE
    with pytest.raises(tracking.TrackingUnavailable, match=r"JSON format; is this an MLflow server"):
        tracking.connect(bad_server.url)


@pytest.mark.parametrize("body", [PAGE, b"", b"{}", b"[1]", b'{"a": 1}'])
def test_traces_wait_if_something_else_answers_200(
    bad_server: BadServer, make_graph: Callable[..., Any], caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    bad_server.body = body
    store = tracking.Store(bad_server.url)
    handler = tracking.TraceHandler(store, "1")
    for number in range(3):
        make_graph().invoke({"question": f"problem {number}"}, {"callbacks": [handler]})
    assert store.close(patience_s=0.1) == 3
    outbox = Outbox(home() / "outbox.sqlite")
    assert (outbox.count(), outbox.count(refused=True)) == (3, 0)
    assert "3 traces waiting in" in caplog.text


@pytest.mark.parametrize("answer", [(400, REFUSAL), (413, PAGE)])
def test_a_server_that_refuses_all_traces_is_said_once(
    bad_server: BadServer, make_graph: Callable[..., Any], caplog: pytest.LogCaptureFixture, answer: tuple[int, bytes]
) -> None:
    bad_server.status, bad_server.body = answer
    store = tracking.Store(bad_server.url)
    handler = tracking.TraceHandler(store, "1")
    for number in range(5):
        make_graph().invoke({"question": f"problem {number}"}, {"callbacks": [handler]})
    assert store.close(patience_s=0.1) == 5
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    said = [message for message in warnings if "refuse" in message]
    assert len(said) == 2
    assert "refuses trace tr-" in said[0]
    assert "refused 5 traces" in said[1]
    assert "tot sync" in said[1]


def test_a_reply_of_another_shape_does_not_end_a_run(bad_server: BadServer, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tracking.Store(bad_server.url)
    monkeypatch.setattr(store.client, "get_experiment_by_name", lambda name: {}["experiment"])
    with pytest.raises(tracking.TrackingUnavailable, match="KeyError: 'experiment'"):
        tracking.open_runs(store, ExperimentRecord(id="x", name="x", title="x", params={}, started_ms=None, cells=[]))
