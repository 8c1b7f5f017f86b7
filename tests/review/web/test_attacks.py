"""Attacks on the review page over raw sockets, as no client library would send them."""

import re
import socket
import time

import pytest

from trace_of_thought.review.web import connections

FORM = "Content-Type: application/x-www-form-urlencoded"


def request(line, *headers, host="127.0.0.1", body=b""):
    lines = [f"{line} HTTP/1.1", *([f"Host: {host}"] if host is not None else []), "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def reply_to(page, data, *, hang_up=False):
    """Send bytes and return what comes back; `hang_up`: close the sending side before reading."""
    with socket.create_connection(("127.0.0.1", page.port), timeout=20) as client:
        if hang_up:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            return b""
        read = b""
        try:
            client.sendall(data)
            while part := client.recv(65536):
                read += part
        except ConnectionError:
            pass
        return read


def status(page, data):
    return int(reply_to(page, data).split()[1])


@pytest.fixture
def page(serve):
    return serve()


def own(page):
    return f"127.0.0.1:{page.port}"


def page_token(page):
    return re.search(rb'name="page_token" value="(\w+)"', reply_to(page, request("GET /")))[1].decode()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("[::1", 421),
        ("[", 421),
        ("", 421),
        (None, 400),
        ("localhost", 200),
        ("[::1]", 200),
    ],
)
def test_only_loopback_names_are_served(page, host, expected):
    assert status(page, request("GET /", host=host)) == expected


def test_two_host_names_are_refused(page):
    assert status(page, request("GET /", "Host: evil.example")) == 400


@pytest.mark.parametrize(
    "origin",
    [
        "http://[",
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        "file://",
        "//",
        "ftp://{own}",
        "http://{own}.evil.example",
    ],
)
def test_a_post_from_elsewhere_changes_nothing(page, pause, queue, origin):
    [number] = pause(1)
    body = f"page_token={page_token(page)}&op=approve&step=x".encode()
    headers = [f"Origin: {origin.format(own=own(page))}", FORM, f"Content-Length: {len(body)}"]
    assert status(page, request(f"POST /items/{number}", *headers, host=own(page), body=body)) == 403
    assert queue.item(number).state == "waiting"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/..\\app.py",
        "/static//etc/passwd",
        "/static/%00",
    ],
)
def test_no_path_leads_out_of_the_static_files(page, path):
    reply = reply_to(page, request(f"GET {path}"))
    assert reply.split()[1] == b"404"
    assert b"def make_app" not in reply
    assert b"root:" not in reply


def test_no_address_adds_a_header(serve):
    page = serve(token="s3cret")
    reply = reply_to(page, request("GET //evil.example/%0d%0aSet-Cookie:%20x=1?token=s3cret&back=%0d%0aX:%201"))
    head = reply.split(b"\r\n\r\n")[0].decode()
    assert len(re.findall("(?im)^set-cookie:", head)) == 1
    assert re.search("(?im)^location: /[^/]", head)
    assert not re.search("(?im)^x:", head)


def test_half_a_form_is_no_decision(page, pause, queue):
    """A client that disconnects, or an attacker in between, may cut the form after its first step."""
    [number] = pause(1)
    body = f"page_token={page_token(page)}&op=approve&step=Multiply".encode()
    head = [f"Origin: http://{own(page)}", FORM, f"Content-Length: {len(body) + 40}"]
    reply_to(page, request(f"POST /items/{number}", *head, host=own(page), body=body), hang_up=True)
    status(page, request("GET /"))  # a whole exchange later the half form has been dealt with
    time.sleep(0.5)
    assert (queue.item(number).state, queue.item(number).decision) == ("waiting", None)


def test_headers_have_a_limit(page):
    """They are limited by the server; nothing of this is kept in memory."""
    reply = reply_to(page, request("GET /", "X: " + "a" * 2_000_000))
    assert reply == b"" or reply.split()[1] == b"400"  # it may be lost in the reset
    assert status(page, request("GET /")) == 200


def trickle(client):
    """Send bytes slowly, which must not buy time."""
    for _ in range(200):
        client.sendall(b"x")
        time.sleep(0.1)


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nHost: 127", None, b""], ids=["headers", "body", "nothing"])
def test_a_request_that_does_not_arrive_is_dropped(serve, monkeypatch, start):
    monkeypatch.setattr(connections, "ARRIVAL_S", 1.0)
    page = serve()
    start = (
        request("POST /items/1", f"Origin: http://{own(page)}", "Content-Length: 9", host=own(page)) if start is None else start
    )
    with socket.create_connection(("127.0.0.1", page.port), timeout=20) as slow:
        slow.sendall(start)
        assert status(page, request("GET /")) == 200  # nobody else waits
        with pytest.raises(ConnectionError):
            trickle(slow)


def test_a_request_in_time_is_answered_after_slow_ones(serve, monkeypatch):
    monkeypatch.setattr(connections, "ARRIVAL_S", 1.0)
    page = serve()
    with socket.create_connection(("127.0.0.1", page.port), timeout=20) as client:
        for _ in range(3):  # one connection, longer than the limit of one request
            client.sendall(b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(0.6)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 1000,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /?flag=%ed%a0%80&teacher=%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: tot_reviewer=%ff\xff%00\r\nConnection: close\r\n\r\n",
        b"GET /items/" + b"9" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_garbage_is_no_server_error(page, data):
    assert b"HTTP/1.1 5" not in reply_to(page, data)
    assert status(page, request("GET /")) == 200
