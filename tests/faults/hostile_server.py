"""An OpenAI-compatible server that does everything wrong that a server can do, each fault by its name.

A question that holds "[fault ROLE]" gets the fault when ROLE ("teacher" or "student") is asked; everything else is answered
well. `FAULTS` says of each what must come of it: "answered", "error", or a status of the verifier.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STEPS = "1. Read the two numbers.\n2. Add them."
SOLUTION = "2 + 2 = 4\nAnswer: 4"
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
DRIP_S = 0.05
_ASKED = re.compile(r"\[([a-z0-9_]+) (teacher|student)\]")


@dataclass(frozen=True)
class Fault:
    """A fault: what it does to a good reply, or how it answers by itself, and what must come of the problem.

    Attributes:
        reply: changes the good completion.
        raw: answers instead of it.
        once: whether only the first request of a problem is treated like that.
        outcome: what the problem's row must say.
        unknown: whether the tokens of the call are unknown.
    """

    outcome: str
    reply: Callable[[dict[str, Any]], Any] | None = None
    raw: Callable[[Handler], None] | None = None
    once: bool = False
    unknown: bool = False


class HostileServer(ThreadingHTTPServer):
    """The server; `asked` holds role and question of each request, `answered` and when those that got a whole good one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        self.answered: list[tuple[str, str]] = []
        self.answered_at: list[float] = []
        self.delay_s = 0.0
        self.lock = threading.Lock()
        self.seen: dict[Any, int] = {}
        self.key = ""
        self.texts: dict[str, Callable[[str], str]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up: most of them have a reason to."""


class Handler(BaseHTTPRequestHandler):
    server: HostileServer

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = str(request["messages"][-1]["content"])
        role = "teacher" if "step-by-step prompts" in prompt else "student"
        self.streams, self.model = bool(request.get("stream")), request["model"]
        self.server.key = self.headers.get("Authorization", "")
        with self.server.lock:
            self.server.asked.append((role, prompt))
            number = self.server.seen[(role, prompt)] = self.server.seen.get((role, prompt), 0) + 1
        found = _ASKED.search(prompt)
        fault = FAULTS[found[1]] if found and found[2] == role else FAULTS["none"]
        if fault.once and number > 1:
            fault = FAULTS["none"]
        good = completion(self._text(role, prompt), self.model)
        time.sleep(self.server.delay_s)
        if fault.raw:
            fault.raw(self)
            return
        self.give(fault.reply(good) if fault.reply else good)
        with self.server.lock:
            self.server.answered.append((role, prompt))
            self.server.answered_at.append(time.monotonic())

    def _text(self, role: str, prompt: str) -> str:
        if role in self.server.texts:
            return self.server.texts[role](prompt)
        return STEPS if role == "teacher" else SOLUTION

    def give(self, whole: Any) -> None:
        """Send a completion, as a stream of chunks if the request asks for one."""
        if self.streams:
            self.send(200, b"".join(b"data: %s\n\n" % line for line in [*_chunks(whole), b"[DONE]"]), "text/event-stream")
        else:
            self.send(200, json.dumps(whole).encode())

    def send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Be quiet."""


def completion(text: str, model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": dict(USAGE)}


def _chunks(whole: Any) -> Iterator[bytes]:
    if not isinstance(whole, dict):
        yield json.dumps(whole).encode()
        return
    base = {**whole, "object": "chat.completion.chunk"}
    usage = base.pop("usage", None)
    for choice in base.pop("choices") or []:
        message = choice["message"]
        text = message.get("content")
        pieces: list[Any] = [{**message, "content": "" if isinstance(text, str) else text}]
        pieces += [{"content": part} for part in re.split(r"(?<=\n)", text)] if isinstance(text, str) and text else []
        for delta in pieces:
            yield json.dumps({**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}).encode()
        yield json.dumps({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}).encode()
    yield json.dumps({**base, "choices": [], "usage": usage}).encode()


def _message(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    """Change the message of a completion."""

    def change(good: dict[str, Any]) -> Any:
        good["choices"][0]["message"] |= changes
        return good

    return change


def _whole(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda good: {**good, **changes}


def _around(before: str, after: str = "") -> Callable[[dict[str, Any]], Any]:
    """Put text around the good one."""

    def change(good: dict[str, Any]) -> Any:
        message = good["choices"][0]["message"]
        message["content"] = before + message["content"] + after
        return good

    return change


def _status(status: int, body: bytes = b'{"error": {"message": "no"}}', **headers: Any) -> Callable[[Handler], None]:
    def answer(handler: Handler) -> None:
        found = {name: value() if callable(value) else value for name, value in headers.items()}
        handler.send(status, body, **found)

    return answer


def _reason(reason: Any) -> Callable[[dict[str, Any]], Any]:
    def change(good: dict[str, Any]) -> Any:
        good["choices"][0]["finish_reason"] = reason
        return good

    return change


def _closed(handler: Handler) -> None:
    handler.close_connection = True


def _half_closed(handler: Handler) -> None:
    """Promise more than is sent, and hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(json.dumps(completion(SOLUTION, "m")).encode()[:60])
    handler.close_connection = True


def _broken_stream(handler: Handler) -> None:
    """End a stream in the middle, without a finish reason; a plain reply breaks off like any other."""
    if not handler.streams:
        _half_closed(handler)
        return
    lines = list(_chunks(completion(SOLUTION, "m")))[:2]
    handler.send(200, b"".join(b"data: %s\n\n" % line for line in lines), "text/event-stream")


def _drip(handler: Handler) -> None:
    """Send a byte now and then, for ever: each one restarts a client's own timeout."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream" if handler.streams else "application/json")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b": \n" if handler.streams else b" ")
            handler.wfile.flush()
            time.sleep(DRIP_S)
    except OSError:
        handler.close_connection = True


def _date() -> str:
    return formatdate(time.time() + 1, usegmt=True)


def _echo_key(handler: Handler) -> None:
    handler.send(401, json.dumps({"error": {"message": f"Incorrect API key provided: {handler.server.key}"}}).encode())


_TOOL = [{"id": "1", "type": "function", "function": {"name": "add", "arguments": "{}"}}]
_CONTROLS = "\x1b[2J\x1b]0;gone\x07\x08\x9b31m\r"

FAULTS: dict[str, Fault] = {
    "none": Fault("answered"),
    "429_seconds": Fault("answered", raw=_status(429, retry_after="1"), once=True),
    "429_date": Fault("answered", raw=_status(429, retry_after=_date), once=True),
    "429_nonsense": Fault("answered", raw=_status(429, retry_after="soon\x01"), once=True),
    "429_for_an_age": Fault("error", raw=_status(429, retry_after="99999999")),
    "429_always": Fault("error", raw=_status(429, retry_after_ms="1")),
    "500_once": Fault("answered", raw=_status(500), once=True),
    "500_always": Fault("error", raw=_status(500, retry_after_ms="1")),
    "401_with_the_key": Fault("error", raw=_echo_key),
    "302_elsewhere": Fault("error", raw=_status(302, location="http://127.0.0.1:9/")),
    "garbage": Fault("error", raw=_status(200, bytes(range(256)) * 8)),
    "html": Fault("error", raw=_status(200, b"<html><h1>Log in</h1></html>", kind="text/html")),
    "no_content": Fault("error", raw=_status(204, b"")),
    "not_json": Fault("error", raw=_status(200, b'{"choices": [')),
    "deep_json": Fault("error", raw=_status(200, b"[" * 100_000)),
    "a_list": Fault("error", reply=lambda good: [good]),
    "a_number": Fault("error", reply=lambda good: 7),
    "false_gzip": Fault("error", raw=_status(200, b"this is no gzip", content_encoding="gzip")),
    "closed": Fault("error", raw=_closed),
    "closed_once": Fault("answered", raw=_closed, once=True),
    "half_closed": Fault("error", raw=_half_closed),
    "slow_drip": Fault("error", raw=_drip),
    "truncated_stream": Fault("error", raw=_broken_stream),
    "empty_content": Fault("no_answer", reply=_message(content="")),
    "null_content": Fault("error", reply=_message(content=None)),
    "number_content": Fault("error", reply=_message(content=4)),
    "tool_calls_only": Fault("error", reply=_message(content=None, tool_calls=_TOOL)),
    "tool_calls_and_nothing": Fault("error", reply=_message(content="", tool_calls=_TOOL)),
    "no_choices": Fault("error", reply=_whole(choices=[])),
    "null_choices": Fault("error", reply=_whole(choices=None)),
    "content_filter": Fault("error", reply=lambda good: _reason("content_filter")(_message(content=None)(good))),
    "refusal": Fault("no_answer", reply=_message(content=None, refusal="I can't help with that.")),
    "usage_negative": Fault("answered", reply=_whole(usage={**USAGE, "prompt_tokens": -9}), unknown=True),
    "usage_text": Fault("answered", reply=_whole(usage={**USAGE, "completion_tokens": "three"}), unknown=True),
    "usage_huge": Fault("answered", reply=_whole(usage={**USAGE, "prompt_tokens": 10**30}), unknown=True),
    "usage_fraction": Fault("answered", reply=_whole(usage={**USAGE, "prompt_tokens": 0.5}), unknown=True),
    "usage_missing": Fault("answered", reply=_whole(usage=None), unknown=True),
    "usage_in_part": Fault("answered", reply=_whole(usage={"prompt_tokens": 9}), unknown=True),
    "usage_details": Fault(
        "answered", reply=_whole(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": "x"}}), unknown=True
    ),
    "usage_total": Fault("answered", reply=_whole(usage={**USAGE, "total_tokens": "many"}), unknown=True),
    "usage_list": Fault("answered", reply=_whole(usage=[9, 3]), unknown=True),
    "reason_number": Fault("answered", reply=_reason(7)),
    "reason_object": Fault("answered", reply=_reason({"why": ["\ud800"]})),
    "reason_long": Fault("answered", reply=_reason("x" * 100_000)),
    "lone_surrogate": Fault("answered", reply=_around("\ud800 ", " \udfff")),
    "nul": Fault("answered", reply=_around("\x00 ")),
    "controls": Fault("answered", reply=_around(_CONTROLS)),
    "directions": Fault("answered", reply=_around("\u202e\u2066\ufeff ")),
    "long_line": Fault("answered", reply=_around("x" * 1_000_000 + "\n")),
    "huge_reply": Fault("answered", reply=_around("All the same. " * 70_000 + "\n")),
    "wrong_model": Fault("answered", reply=_whole(model="\x1b[31mgpt-\ud800-9")),
    "model_object": Fault("answered", reply=_whole(model={"name": "m"})),
    "id_number": Fault("answered", reply=_whole(id=7, created="yesterday", object=None)),
}


@contextmanager
def serving() -> Iterator[HostileServer]:
    """Run the server in threads of its own."""
    server = HostileServer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
