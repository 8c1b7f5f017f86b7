"""Speed and verdicts of the verifier beside Math-Verify called in line, on the same rows in one run.

    python benchmarks/verification.py [--data ../shared/data] [--fuzz SECONDS]

`--fuzz` lets atheris (`pip install atheris`) look for a crash or a hang instead.
"""

import argparse
import csv
import inspect
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from math_verify import parse, verify

from trace_of_thought.verification import check_solution, close_workers, extract_answer, verify_answer
from trace_of_thought.verification.notation.references import read_reference

ROOT = Path(__file__).resolve().parents[1]


def plain_rate(checks: int = 20_000) -> float:
    """Return checks a second of plain numeric answers, all different."""
    rows = [(f"She adds {n} and 1.\nAnswer: {n + 1}", str(n + 1 + n % 2)) for n in range(checks)]
    begin = time.perf_counter()
    for response, reference in rows:
        verify_answer(response, reference)
    return checks / (time.perf_counter() - begin)


def released(folder: Path) -> list[tuple[str, str, str]]:
    """Return (question, reference, response) of the released traces."""
    csv.field_size_limit(10**9)
    rows = []
    for file in sorted(folder.glob("released_traces/*.csv")):
        for row in csv.reader(file.open(encoding="utf-8")):
            trace = json.loads(row[0])
            rows.append((trace["dataset_question"], trace["dataset_answer"], trace["answer"]["output_text"]))
    return rows


def in_line(reference: str, response: str) -> bool:
    """Return what Math-Verify says of the whole response, as a scorer usually calls it."""
    return verify(parse(f"${reference}$"), parse(response))


def side_by_side(rows: list[tuple[str, str, str]]) -> None:
    """Print the time of both over the same rows."""
    verify_answer("Answer: \\sin(y)+x", "x+\\sin(y)")
    in_line("1", "1")
    our_time, our_cpu, ours = timed(
        lambda: [
            verify_answer(response, reference, question=question).status == "correct" for question, reference, response in rows
        ]
    )
    their_time, their_cpu, theirs = timed(
        lambda: [in_line(read_reference(right) or "", response) for _, right, response in rows]
    )
    print(f"released traces, {len(rows)} rows: ours {our_time:.2f} s, Math-Verify in line {their_time:.2f} s")
    print(f"  {their_time / our_time:.1f} times as fast by the clock (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
    print(
        f"  {their_cpu / our_cpu:.1f} times as fast by processor time, workers counted: {our_cpu:.2f} s and {their_cpu:.2f} s"
    )
    print(f"  {sum(ours)} right by ours, {sum(theirs)} by Math-Verify")


def timed(work: Callable[[], list[bool]]) -> tuple[float, float, list[bool]]:
    """Return seconds by the clock, seconds of processor time with the workers that were there at the start, and the result."""
    workers = psutil.Process().children(recursive=True)
    begin = [time.perf_counter(), processor_time(workers)]
    result = work()
    return time.perf_counter() - begin[0], processor_time(workers) - begin[1], result


def processor_time(workers: list[psutil.Process]) -> float:
    """Return the seconds of processor time of this process and its workers so far."""
    return time.process_time() + sum(sum(worker.cpu_times()[:2]) for worker in workers if worker.is_running())


def labelled(folder: Path) -> None:
    """Print how often each agrees with the labels of a careful reader."""
    rows = [json.loads(line) for line in (folder / "answer_verification_dev.jsonl").open(encoding="utf-8")]
    labels = [row["label"] for row in rows]
    ours = [verify_answer(row["response"], row["gold"], question=row["question"]).status == "correct" for row in rows]
    theirs = [in_line(row["gold"], row["response"]) for row in rows]
    for name, got in (("ours", ours), ("Math-Verify", theirs)):
        agree = sum(a == b for a, b in zip(got, labels, strict=True))
        precise = sum(a and b for a, b in zip(got, labels, strict=True)) / max(1, sum(got))
        print(f"labelled hard cases: {name} {agree}/{len(rows)} right, precision {precise:.3f}")


def own_arithmetic(folder: Path) -> None:
    """Print how well a wrong equation predicts a wrong answer."""
    rows = [json.loads(line) for line in (folder / "gsm8k_labelled_solutions.jsonl").open(encoding="utf-8")]
    wrong = [not row["is_correct"] for row in rows]
    flagged = [check_solution(row["solution"]).status == "inconsistent" for row in rows]
    both = sum(a and b for a, b in zip(wrong, flagged, strict=True))
    right = sum(
        (verify_answer(row["solution"], row["reference"], question=row["question"]).status == "correct") == row["is_correct"]
        for row in rows
    )
    print(f"labelled GSM8K solutions: verdict right {right}/{len(rows)}")
    print(f"  inconsistent predicts a wrong answer: precision {both / sum(flagged):.3f}, recall {both / sum(wrong):.3f}")


def check_text(text: str) -> None:
    """One fuzz case; a crash raises, a hang shows as a slow case."""
    begin = time.perf_counter()
    extract_answer(text, question=text)
    check_solution(text, steps=[text])
    verdict = verify_answer(text, "17/23", question=text, timeout=1)
    # braces are invisible in LaTeX: 1{7} is 17
    if verdict.status == "correct" and "17" not in re.sub(r"[{}]", "", text):
        raise AssertionError(f"wrongly correct: {text[:200]!r} as {verdict.answer!r}")
    if time.perf_counter() - begin > 3:
        raise AssertionError(f"slow: {text[:200]!r} ({verdict.status})")


PARTS = (
    "Answer:", "\\boxed{", "}", "{", "$",
    "\\frac", "=", "(", ")", "^", "9", "1/2", "x", "\n", " is ", "therefore ", ",", "%", "**",
    "\\sqrt", " or ", "[", "]", "-", "+", "\\cup", "one", "hours", ".", "!", "\\text{", "\u200b", "٤", "½",
)  # fmt: skip


def text_of(data: bytes) -> str:
    """Return a text that a fuzzer's bytes spell in the pieces that answers are made of."""
    return "".join(PARTS[byte] if byte < len(PARTS) else chr(byte) for byte in data)


def fuzz(seconds: float) -> None:
    """Let atheris search for a crash or a hang; it ends the process with an error if it finds one."""
    import atheris

    for name, module in list(sys.modules.items()):
        if name.startswith("trace_of_thought.verification."):
            for function in filter(inspect.isfunction, vars(module).values()):
                atheris.instrument_func(function)
    limits = [f"-max_total_time={seconds:.0f}", "-max_len=300", "-timeout=20", "-verbosity=1", "-close_fd_mask=0"]
    atheris.Setup([sys.argv[0], *limits], lambda data: check_text(text_of(data)))
    atheris.Fuzz()


def main() -> None:
    """Run what was asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    options.add_argument("--fuzz", type=float, default=0.0, metavar="SECONDS")
    given = options.parse_args()
    if given.fuzz:
        fuzz(given.fuzz)
    else:
        print(f"plain numeric answers: {plain_rate():,.0f} checks a second")
        side_by_side(released(given.data))
        labelled(given.data)
        own_arithmetic(given.data)
    close_workers()


if __name__ == "__main__":
    main()
