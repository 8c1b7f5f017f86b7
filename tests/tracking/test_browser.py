"""The real MLflow UI, opened by `tot ui` in a real browser on the store of a small run.

With `TOT_SCREENSHOTS=FOLDER` the three pages are kept as pictures.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.prompts import load_prompts
from trace_of_thought.tracking import CellRecord, DatasetRecord, ExperimentRecord, PromptRecord

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROBLEMS = [
    ("A baker fills 6 trays with 7 rolls each. How many rolls are that?", "42"),
    ("Mia reads 12 pages a day. How many pages does she read in 9 days?", "108"),
    ("A rope of 45 m is cut into 5 equal pieces. How long is each, in metres?", "9"),
    ("A ticket costs 8 euros, and children pay half. What do 2 adults and 3 children pay?", "28"),
    ("Solve for x: 3x + 4 = 19.", "5"),
    ("A tank of 90 litres loses 4 litres an hour. How many litres are left after 7 hours?", "62"),
]
"""Written for this test. The standard student gets the last three wrong; the taught one gets the second wrong."""

TOURS = {
    "mlflow.assistant.panelOpen_v1": "false",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.detectIssues.guidanceShown_v1": "true",
}


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    pytest.importorskip("selenium")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("needs Debian's chromium and chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1720,980")
    for flag in (*flags, f"--user-data-dir={tmp_path / 'chromium'}"):
        options.add_argument(flag)
    window = webdriver.Chrome(options=options, service=Service(driver))
    yield window
    window.quit()


@pytest.fixture
def ui() -> Iterator[str]:
    """Start `tot ui` on the store of this folder and return its address."""
    code = "import sys; from trace_of_thought.cli.app import main; sys.argv = ['tot', 'ui', '--port', '0']; main()"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    address = process.stdout.readline().split()[2]
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/health", timeout=1)
            break
        except OSError:
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.2)
    yield address
    process.terminate()
    process.wait(timeout=30)


def student(wrong: tuple[int, ...]) -> ScriptedChatModel:
    def answer(prompt: str) -> str:
        for number, (question, reference) in enumerate(PROBLEMS):
            if question in prompt:
                found = str(int(reference) + 1) if number in wrong else reference
                return f"I follow the steps one by one.\nAnswer: {found}"
        raise KeyError(prompt)

    class Student(ScriptedChatModel):
        def _reply(self, messages: Any, options: Any) -> Any:
            reply = super()._reply(messages, options)
            reply.response_metadata |= {"engine": "grouped", "batch_size": len(PROBLEMS)}
            return reply

    return Student(script=answer, model_name="SmolLM2-135M-Instruct")


@pytest.fixture
def run(make_graph: Callable[..., Any]) -> tracking.OpenRuns:
    """Two cells on the same problems, with flips in both directions."""
    prompts = load_prompts("default")
    record = PromptRecord(prompts.name, prompts.version, prompts.hash, prompts.texts)
    cells = [
        CellRecord(
            id=method,
            name=f"{method} / SmolLM2",
            params={"method": method, "student": "hf:SmolLM2-135M-Instruct"},
            prompts=record,
            dataset=DatasetRecord("sample", "problems/sample.jsonl", "d1", len(PROBLEMS)),
            status="FINISHED",
        )
        for method in ("standard", "trace_of_thought")
    ]
    experiment = ExperimentRecord("e-1", "does a plan help?", "SmolLM2, sample", cells=cells, status="FINISHED")
    store = tracking.connect()
    runs = tracking.open_runs(store, experiment)
    for cell, wrong in zip(cells, ((3, 4, 5), (1,)), strict=True):
        graph = make_graph(student(wrong))
        problems = [{"question": q, "reference": r, "problem_id": f"sample-{n}"} for n, (q, r) in enumerate(PROBLEMS)]
        results = [graph.invoke(problem, {"callbacks": [runs.handler(cell.id)]}) for problem in problems]
        cell.metrics = {"accuracy": sum(result["status"] == "correct" for result in results) / len(results)}
        cell.rows = [{key: result[key] for key in ("problem_id", "question", "answer", "status")} for result in results]
    experiment.description = "| method | accuracy |\n|---|---|\n| standard | 50 % |\n| trace_of_thought | 83 % |"
    tracking.publish(store, experiment)
    assert store.close() == 0
    return runs


def text_of(browser: Any) -> str:
    return browser.execute_script("return document.body.innerText")


def wait_for(browser: Any, *words: str) -> str:
    """Wait until the page shows all the words, and return its text."""
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.support.ui import WebDriverWait

    try:
        WebDriverWait(browser, 60).until(lambda window: all(word in text_of(window) for word in words))
    except TimeoutException:
        raise AssertionError(f"no {[word for word in words if word not in text_of(browser)]} in {text_of(browser)}") from None
    return text_of(browser)


def keep(browser: Any, name: str) -> None:
    from PIL import Image

    if folder := os.environ.get("TOT_SCREENSHOTS"):
        time.sleep(2)  # animations
        picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
        picture.quantize(128).save(Path(folder) / f"mlflow-{name}.png", optimize=True)


def show(browser: Any, ui: str, path: str) -> None:
    browser.get(f"{ui}/#/experiments")
    browser.execute_script("for (const [key, value] of Object.entries(arguments[0])) localStorage.setItem(key, value)", TOURS)
    browser.get("about:blank")
    browser.get(f"{ui}/#{path}")


def test_everything_is_found_in_the_ui(run: tracking.OpenRuns, ui: str, browser: Any, traces_in: Callable[..., Any]) -> None:
    taught = run.cells["trace_of_thought"]
    show(browser, ui, f"/experiments/{run.experiment_id}/traces")
    page = wait_for(browser, *(question for question, _ in PROBLEMS), "correct", "leakage", "reference")
    assert '{"answer": "29", "status": "incorrect"}' in page
    keep(browser, "traces")

    trace = next(item for item in traces_in("does a plan help?") if item.info.trace_metadata["mlflow.sourceRun"] == taught)
    show(browser, ui, f"/experiments/{run.experiment_id}/traces?selectedEvaluationId={trace.info.trace_id}")
    page = wait_for(browser, "decompose", "review", "solve", "verify", "SmolLM2-135M-Instruct", "linked prompts")
    click(browser, "//button[contains(., 'Assess')]")
    page = wait_for(browser, "trace_of_thought.problem", "step_check")
    keep(browser, "trace")
    click(browser, "//*[normalize-space()='SmolLM2-135M-Instruct']")
    page = wait_for(browser, "User", "Assistant", "I follow the steps one by one.")

    path = f"/experiments/{run.experiment_id}/evaluation-runs"
    show(browser, ui, f"{path}?selectedRunUuid={taught}&compareToRunUuid={run.cells['standard']}")
    page = wait_for(browser, "Comparing", "+33%", *(question[:20] for question, _ in PROBLEMS))
    assert page.index("Comparing") < page.index("+33%")
    keep(browser, "comparison")

    show(browser, ui, f"/experiments/{run.experiment_id}/runs/{taught}/artifacts")
    wait_for(browser, "problems.json")
    click(browser, "//*[normalize-space()='problems.json']")
    wait_for(browser, "problem_id", "sample-5", "incorrect")
    show(browser, ui, f"/experiments/{run.experiment_id}/runs/{run.parent_id}")
    wait_for(browser, "SmolLM2, sample", "83 %")


def click(browser: Any, xpath: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    def press(window: Any) -> bool:
        found = window.find_elements("xpath", xpath)
        if found:
            window.execute_script("arguments[0].click()", found[-1])
        return bool(found)

    WebDriverWait(browser, 30).until(press)
