"""The documentation site: built offline, opened in a browser without a request to anywhere else."""

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ["", *sorted(f"{page.stem}/" for page in (ROOT / "docs").glob("*.md") if page.stem != "index")]

pytestmark = pytest.mark.slow


def test_the_picture_is_that_of_the_graph():
    command = [sys.executable, str(ROOT / "docs" / "draw_state_machine.py")]
    drawn = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert drawn == (ROOT / "docs" / "images" / "state-machine.svg").read_text(), "run: make docs"
    assert all(f">{name}</text>" in drawn for name in ("start", "decompose", "review", "solve", "verify", "end"))


@pytest.fixture
def address(site):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_nothing_is_asked_of_the_outside_and_search_finds_a_page(browser, address):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    wait = WebDriverWait(browser, 30)
    for page in PAGES:
        browser.get(address + page)
        wait.until(lambda window: window.find_elements(By.TAG_NAME, "h1"))
        keep(browser, page.strip("/") or "index")
    browser.get(f"{address}concepts/")
    picture = browser.find_element(By.CSS_SELECTOR, "article img")
    assert wait.until(lambda window: window.execute_script("return arguments[0].naturalWidth", picture)) > 0
    field = browser.find_element(By.CSS_SELECTOR, "input.md-search__input")
    browser.execute_script("arguments[0].focus()", field)
    field.send_keys("RemoteGraph")
    found = wait.until(lambda window: window.find_elements(By.CSS_SELECTOR, ".md-search-result__item a"))
    assert any("/server/" in (link.get_attribute("href") or "") for link in found)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    browser.get(f"{address}concepts/?dark")
    scheme = "return document.body.getAttribute('data-md-color-scheme')"
    wait.until(lambda window: window.execute_script(scheme) == "slate")
    keep(browser, "concepts-dark")
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in asked if event["method"] == "Network.requestWillBeSent"]
    assert len(urls) > len(PAGES)
    assert [url for url in urls if url.startswith("http") and not url.startswith(address)] == []
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def keep(browser, name):
    if folder := os.environ.get("TOT_SCREENSHOTS"):
        browser.save_screenshot(str(Path(folder) / f"site-{name}.png"))
