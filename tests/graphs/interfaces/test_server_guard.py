"""Which web pages may use the LangGraph server."""

import http.client

import pytest
from starlette.datastructures import Headers

from trace_of_thought.graphs.interfaces.server_guard import refusal

RUN = '{"assistant_id": "standard", "input": {"question": "What is 6 times 7?"}}'


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://[",
        "",
        "https://smith.langchain.com.evil.example",
        "http://localhost.evil.example",
    ],
)
def test_pages_of_other_sites_are_refused(origin):
    assert "TOT_ORIGINS" in refusal(Headers({"origin": origin, "host": "127.0.0.1:2024"}), "127.0.0.1")


@pytest.mark.parametrize("origin", [None, "https://smith.langchain.com", "http://localhost:3000", "http://[::1]:3000"])
def test_programs_studio_and_pages_of_this_machine_are_let_in(origin):
    headers = {"host": "localhost:2024", **({"origin": origin} if origin else {})}
    assert refusal(Headers(headers), "127.0.0.1") == ""


def test_a_rebound_name_is_refused_on_loopback_only(monkeypatch):
    rebound = Headers({"host": "evil.example:2024"})
    assert "name" in refusal(rebound, "127.0.0.1")
    assert refusal(rebound, "10.0.0.7") == ""
    monkeypatch.setenv("TOT_ORIGINS", "https://chat.example.org, http://evil.example/")
    assert refusal(rebound, "127.0.0.1") == ""
    assert refusal(Headers({"origin": "https://chat.example.org", "host": "localhost"}), "127.0.0.1") == ""


@pytest.mark.slow
@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example:2024"}])
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_no_site_starts_a_run(url, models, method, headers):
    """As a form or a script of a web site sends it: text/plain needs no permission of the server."""
    asked = len(models.requests)
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request(method, "/runs/wait", RUN, {"Content-Type": "text/plain", **headers})
    reply = connection.getresponse()
    assert (reply.status, reply.getheader("access-control-allow-origin")) == (403, None)
    assert len(models.requests) == asked
