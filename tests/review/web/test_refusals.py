"""What the page refuses: foreign posts, wrong tokens, addresses that lead nowhere."""

import re

import pytest
from page_client import PageClient

from trace_of_thought.review import make_app, open_queue
from trace_of_thought.review.web.serving import serve as serve_page


def test_a_post_needs_the_token_of_the_page(client, pause, queue):
    [number] = pause(1)
    assert client.submit(f"/items/{number}", op="approve", step="x").status_code == 403
    assert client.submit(f"/items/{number}", op="approve", step="x", page_token="0" * 64).status_code == 403
    assert queue.item(number).state == "waiting"
    good = client.submit(f"/items/{number}", op="approve", step="Do it.", page_token=client.token())
    assert (good.status_code, queue.item(number).decision) == (303, "edit")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", None])
def test_a_post_from_another_origin_is_refused(client, pause, queue, origin):
    [number] = pause(1)
    headers = {"origin": origin} if origin else {}
    answer = client.submit(f"/items/{number}", headers=headers, op="approve", step="x", page_token=client.token())
    assert (answer.status_code, queue.item(number).state) == (403, "waiting")


def test_another_host_name_is_refused_as_in_dns_rebinding(client):
    assert client.get("/", headers={"host": "evil.example:8765"}).status_code == 421
    assert client.get("/", headers={"host": "localhost:8765"}).status_code == 200


def test_off_loopback_it_needs_a_token(queue):
    with pytest.raises(ValueError, match="--token"):
        serve_page(queue, host="0.0.0.0", port=0, tell=print)
    app = make_app(queue, token="s3cret")
    client = PageClient(app, base_url="http://review.example")
    assert client.get("/").status_code == 401
    assert client.get("/?token=wrong").status_code == 401
    shown = client.get("/?token=s3cret")
    assert shown.status_code == 303
    assert "HttpOnly" in shown.headers["set-cookie"]
    assert "samesite=strict" in shown.headers["set-cookie"].lower()
    assert client.get("/").status_code == 200
    later = PageClient(make_app(queue, token="another"), base_url="http://review.example", cookies=client.cookies)
    assert later.get("/").status_code == 401


def test_a_page_of_another_store_is_refused(client, queue, pause, tmp_path):
    [number] = pause(1)
    other = open_queue(tmp_path / "other.sqlite")
    foreign = PageClient(make_app(other)).token()
    other.close()
    assert client.submit(f"/items/{number}", op="approve", step="x", page_token=foreign).status_code == 403
    assert queue.item(number).state == "waiting"


def test_the_way_back_stays_on_the_page(client):
    assert client.submit("/reviewer", name="x", back="//evil.example", page_token=client.token()).headers["location"] == "/"


def test_too_long_a_post_is_refused(client):
    answer = client.submit("/items/1", op="x" * 5_000_000)
    assert (answer.status_code, answer.text) == (413, "this is too long: a form may have 4,000,000 bytes")


def test_unknown_items_are_not_found(client):
    assert client.get("/items/99").status_code == 404
    assert client.get("/items/99999999999999999999").status_code == 404


def test_headers_fence_the_page_in(client):
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/items/99", "/items/99999999999999999999999", "/items/abc", "/nowhere"])
def test_an_address_that_leads_nowhere_is_a_page_with_a_way_back(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert 'class="button" href="/"' in answer.text
    assert "SQLite" not in answer.text


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5000, "-1", "x"])
def test_what_is_no_number_of_a_step_is_passed_over(client, pause, queue, number):
    [item] = pause(1)
    assert client.get(f"/items/{item}", params={"focus": number}).status_code == 200
    answer = client.submit(f"/items/{item}", op=f"add-{number}", step=["one", "two"], page_token=client.token())
    assert answer.status_code == 303
    assert queue.drafts.get(queue.item(item), "ann").steps == ["one", "two", ""]
    assert client.submit("/undo/" + "9" * 30, page_token=client.token()).status_code == 404


def test_an_address_that_tells_of_no_decision_still_opens(client):
    assert client.get("/?decided=99999999999999999999999&approved=<b>").status_code == 200


@pytest.mark.parametrize("secret", ["a b&c=d#e?f/%2F+é☃", "x" * 200, "'\"<>\\", "++", "%41"])
def test_a_token_of_any_characters_gives_a_link_that_works(queue, secret, monkeypatch):
    told = []
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: [each.close() for each in sockets])
    serve_page(queue, host="127.0.0.1", port=0, token=secret, tell=told.append)
    link = re.search(r"(http\S+)", told[0])[1]
    client = PageClient(make_app(queue, token=secret), base_url="http://review.example")
    answer = client.get(re.sub(r"^http://[^/]+", "", link))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200


def test_a_link_with_a_token_leads_to_its_item_with_its_filters(queue, pause):
    [number] = pause(1)
    client = PageClient(make_app(queue, token="t"), base_url="http://review.example")
    answer = client.get(f"/items/{number}?token=t&teacher=a+b")
    assert answer.headers["location"] == f"/items/{number}?teacher=a+b"
    assert client.get("http://review.example//evil.example/x?token=t").headers["location"] == "/evil.example/x"


def test_a_token_that_is_no_text_is_refused(queue):
    with pytest.raises(ValueError, match="not text"):
        serve_page(queue, host="127.0.0.1", port=0, token="x\udcff", tell=print)
