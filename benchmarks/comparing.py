"""How long `tot compare` takes on two logs of 1,319 samples (GSM8K's test set): `python benchmarks/comparing.py`.

Writes logs in the forms of lm-evaluation-harness and inspect_ai, as large as real ones, and times `tot compare` on them as a
whole process, in turns with one that only imports pandas and statsmodels: such a comparison is usually written with these.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

SAMPLES = 1_319
TOT = "import sys; sys.argv[0] = 'tot'; from trace_of_thought.cli.app import main; main()"
PEER = "import pandas, statsmodels.stats.contingency_tables"
QUESTION, WORKING, PROMPT = (
    "a word of the question " * 10,
    "a step of the working " * 40,
    "a word of the few-shot prompt " * 200,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        logs = {
            kind: [write(folder, side, rate) for side, rate in (("a", 0.5), ("b", 0.55))] for kind, write in WRITERS.items()
        }
        runs = {kind: ["-c", TOT, "compare", *map(str, files)] for kind, files in logs.items()}
        runs["both, --rescore"] = ["-c", TOT, "compare", str(logs["inspect_ai"][0]), str(logs["lm-eval"][1]), "--rescore"]
        runs["importing pandas and statsmodels"] = ["-c", PEER]
        times: dict[str, list[float]] = {kind: [] for kind in runs}
        for _ in range(given.repeats):
            for kind, command in runs.items():
                times[kind].append(timed(command, folder))
        sizes = {kind: sum(file.stat().st_size for file in files) / 1e6 for kind, files in logs.items()}
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    peer = statistics.median(times["importing pandas and statsmodels"])
    for kind, found in times.items():
        size = f" ({sizes[kind]:.0f} MB)" if kind in sizes else ""
        middle = statistics.median(found)
        print(f"{kind}{size}: {middle:.2f} s ({min(found):.2f} to {max(found):.2f}), {middle / peer:.2f} times the import")


def timed(command: list[str], folder: Path) -> float:
    """Return the seconds of a whole process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def lm_eval(folder: Path, side: str, rate: float) -> Path:
    chance, path = random.Random(side), folder / f"samples_{side}.jsonl"
    with path.open("w") as file:
        for number in range(SAMPLES):
            question = f"{QUESTION}{number}?"
            sample = {
                "doc_id": number,
                "doc": {"question": question, "answer": f"{WORKING}#### {number}"},
                "target": f"{WORKING}#### {number}",
                "arguments": {"gen_args_0": {"arg_0": PROMPT + question, "arg_1": {"until": ["\n\n"]}}},
                "resps": [[f"{WORKING}\nAnswer: {number}"]],
                "filtered_resps": [str(number)],
                "filter": "number",
                "metrics": ["exact_match"],
                "exact_match": float(chance.random() < rate),
            }
            file.write(json.dumps(sample) + "\n")
    return path


def inspect_ai(folder: Path, side: str, rate: float) -> Path:
    chance, path = random.Random(side), folder / f"{side}.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        summaries = []
        for number in range(SAMPLES):
            score = {"match": {"value": "C" if chance.random() < rate else "I"}}
            short = {"id": f"q{number}", "epoch": 1, "input": f"{QUESTION}{number}?", "target": str(number), "scores": score}
            summaries.append(short)
            output = {"completion": f"{WORKING}\nAnswer: {number}"}
            messages = [{"role": "user", "content": PROMPT + short["input"]}]
            archive.writestr(f"samples/q{number}_epoch_1.json", json.dumps({**short, "output": output, "messages": messages}))
        archive.writestr("summaries.json", json.dumps(summaries))
        archive.writestr("header.json", json.dumps({"eval": {"task": "gsm8k", "model": "mock/model"}}))
    return path


WRITERS = {"lm-eval": lm_eval, "inspect_ai": inspect_ai}

if __name__ == "__main__":
    main()
