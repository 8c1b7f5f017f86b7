"""`tot audit` against a real MLflow server: a person answers on its Review tab in a real browser, and the report counts it.

With `TOT_SCREENSHOTS=FOLDER` the pages are kept as pictures.
"""

import os
import subprocess
import sys
import time
import urllib.request

import pytest

from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOT = "import sys; from trace_of_thought.cli.app import main; sys.argv[0] = 'tot'; main()"
TOURS = {"mlflow.assistant.panelOpen_v1": "false", "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true"}


@pytest.fixture
def server(folder, free_port):
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/artifacts"]
    env = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with open(folder / "server.log", "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=env)
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/health", timeout=1)
            break
        except OSError:
            assert process.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.2)
    yield address
    process.terminate()
    process.wait(timeout=30)


def tot(*arguments):
    done = subprocess.run([sys.executable, "-c", TOT, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_people_answer_in_mlflow_and_the_report_counts_it(browser, server, make_graph):
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    student = ScriptedChatModel(script=lambda prompt: f"Answer: {42 if '#0' in prompt or '#2' in prompt else 41}")
    with tracking.traced(experiment="sums", tracking_uri=server):
        graph = make_graph(student)
        for n in range(4):
            graph.invoke({"question": f"What is 6 * 7? #{n}", "reference": "42", "problem_id": f"p{n}"})
    told = tot("audit", "sums", "--sample", "4", "--tracking-uri", server)
    page = next(word for word in told.split() if word.startswith(server))
    assert "4 of 4 traces" in told

    def until(condition):
        waiting = WebDriverWait(browser, 60, ignored_exceptions=(StaleElementReferenceException,))
        return waiting.until(lambda _: condition())

    def shown(css, text=""):
        found = [each for each in browser.find_elements("css selector", css) if text in each.text and each.is_displayed()]
        return found[0] if found else None

    def click(css, text=""):
        until(lambda: (found := shown(css, text)) and (found.click() or True))

    def choose(question, option):
        click(f"[role=combobox][aria-label^='{question}']")
        click("[role=option]", option)

    browser.set_window_size(1500, 950)
    browser.get(server)
    for name, value in TOURS.items():
        browser.execute_script("localStorage.setItem(arguments[0], arguments[1])", name, value)
    browser.get(page)
    until(lambda: shown("button", "Start review"))
    picture(browser, "mlflow-review-queue")
    click("button", "Start review")
    until(lambda: "0 of 4 reviewed" in browser.find_element("css selector", "body").text)
    labels = [each.get_attribute("aria-label") for each in browser.find_elements("css selector", "[role=combobox][aria-label]")]
    assert next(label for label in labels if "?" in label).startswith("Is the verdict right?")
    for number, answer in enumerate(["yes", "no"]):
        choose("Is the verdict right?", answer)
        if answer == "no":
            choose("If not, why?", "the reference is wrong")
            picture(browser, "mlflow-review-answer")
        click("button:not([disabled])", "Submit")
        until(lambda: f"{number + 1} of 4 reviewed" in browser.find_element("css selector", "body").text)  # noqa: B023
    report = tot("audit", "sums", "--report", "--tracking-uri", server)
    assert "2 verdicts judged, 2 waiting, 0 unclear" in report
    assert "1 x the reference is wrong" in report
    assert "accuracy, as the verifier says       50.0%" in report
    assert "accuracy, corrected" in report


def picture(browser, name):
    if folder := os.environ.get("TOT_SCREENSHOTS"):
        browser.save_screenshot(f"{folder}/{name}.png")
