r"""The local student beside the libraries that one would take instead, in turns in one run: speed, accuracy and the texts.

    python benchmarks/student.py --model FOLDER_OR_GGUF --problems gsm8k_test.jsonl [--contestants ours genai ...] \\
        [--python llama_cpp=PYTHON vllm=PYTHON lm_eval=PYTHON inspect_ai=PYTHON] [--gguf FILE] [--json FILE]

Each contestant is a process of its own, with the Python that is given for it, that loads the model once and then answers
GSM8K questions when it is its turn: so many at once as there are callers, greedy. Tokens are counted with each reply's end
token. All answer the same questions; a lone caller asks another one each turn. Ratios are given by the clock and by
processor time, which tells more where other work runs beside it. With `--json` the result is also
written to a file, with all texts; `--before FILE` compares texts and answers with those of an earlier one. `--check` lets
transformers read each text: it counts those that `generate` would write in float32, and tells the regret, by how many nats a
token transformers prefers its own choices.

Goals: ours / OpenVINO GenAI itself 0.97 with 64 callers and 0.95 for one; ours / the fastest other 1.0 with 8 and 64.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from math import comb
from pathlib import Path
from typing import Any

import psutil

WORKING = r"([^\n]*\n){1,20}Answer: -?[0-9]{1,9}(\.[0-9]{1,4})?"
"""Up to twenty lines of working, then the answer."""

CLOCKS = ("seconds", "processor_seconds")
F32 = {"INFERENCE_PRECISION_HINT": "f32"}

CONTESTANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "ours": ("ours", {"load": {"engine": "openvino"}, "call": {}}),
    "ours-alone": ("ours", {"load": {"engine": "openvino"}, "call": {}, "alone": True}),
    "ours-int8": ("ours", {"load": {"engine": "openvino", "weights": "int8"}, "call": {}}),
    "ours-bfloat16": ("ours", {"load": {"engine": "openvino", "dtype": "bfloat16"}, "call": {}}),
    "ours-continuous": ("ours", {"load": {"engine": "continuous"}, "call": {}}),
    "ours-regex": ("ours", {"load": {"engine": "openvino"}, "call": {"regex": WORKING}}),
    "ours-logprobs": ("ours", {"load": {"engine": "openvino"}, "call": {"logprobs": True}}),
    "ours-top-logprobs": ("ours", {"load": {"engine": "openvino"}, "call": {"logprobs": True, "top_logprobs": 5}}),
    "genai": ("genai", {"properties": F32}),
    "genai-bfloat16": ("genai", {"properties": {"INFERENCE_PRECISION_HINT": "bf16"}}),
    "generate": ("generate", {"batch": 1}),
    "generate-64": ("generate", {"batch": 64}),
    "llama_cpp": ("llama_cpp", {}),
    "vllm": ("vllm", {"dtype": "float32"}),
    "vllm-bfloat16": ("vllm", {"dtype": "bfloat16"}),
    "lm_eval": ("lm_eval", {}),
    "inspect_ai": ("inspect_ai", {}),
}
"""Name of each, the function of student_contestants.py that runs it, and what it is given."""


class Contestant:
    """A process that answers questions when asked."""

    def __init__(self, name: str, python: str, model: str, new_tokens: int, solutions: list[dict[str, Any]]) -> None:
        kind, options = CONTESTANTS[name]
        if kind == "ours" and solutions:
            options = {**options, "perplexity": json.dumps(solutions)}
        script = Path(__file__).with_name("student_contestants.py")
        command = [python, str(script), kind, model, str(new_tokens), json.dumps(options)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.name = name
        self.texts: list[str] = []
        self.tokens: Counter[int] = Counter()
        self.seconds: Counter[int] = Counter()
        self.processor_seconds: Counter[int] = Counter()
        self.perplexity: float | None = None

    def wait_until_ready(self) -> None:
        """Raises `RuntimeError` when the process ends instead."""
        told = self._hear()
        self.perplexity = told.get("perplexity")
        if self.perplexity:
            self._hear()

    def run(self, questions: list[str]) -> None:
        """Answer all at once and add to the sums of so many callers."""
        assert self._process.stdin is not None
        before = self._processor_seconds()
        self._process.stdin.write(json.dumps(questions) + "\n")
        self._process.stdin.flush()
        told = self._hear()
        self.processor_seconds[len(questions)] += self._processor_seconds() - before
        self.tokens[len(questions)] += sum(told["tokens"])
        self.seconds[len(questions)] += told["seconds"]
        if len(questions) >= len(self.texts):
            self.texts = told["texts"]

    def rate(self, callers: int, clock: str = "seconds") -> float:
        """Return tokens per second, or per second of processor time with `clock="processor_seconds"`."""
        return self.tokens[callers] / max(getattr(self, clock)[callers], 1e-9)

    def _processor_seconds(self) -> float:
        """Return what the process and its children have used."""
        process = psutil.Process(self._process.pid)
        times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        return sum(time.user + time.system for time in times)

    def end(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("TOLD "):
                return json.loads(line[5:])
        raise RuntimeError(f"{self.name} ended with {self._process.wait()}; run its command by hand to see why")


def main() -> None:
    options = _arguments()
    problems = [json.loads(line) for line in options.problems.read_text().splitlines()]
    questions = [f"{problem['question']}{options.ask}" for problem in problems]
    print("CPU:", *sorted(_flags()), flush=True)
    solutions = problems[-options.perplexity :] if options.perplexity else []
    contestants = _started(options, solutions)
    for turn in range(options.turns):
        for callers in options.callers:
            for contestant in contestants:  # the closest in time are what is compared
                first = turn if callers == 1 else 0
                contestant.run(questions[first : first + callers])
                rates = [f"{contestant.rate(callers, clock):.1f} a {clock[:-1]}" for clock in CLOCKS]
                print(f"turn {turn}: {contestant.name}, {callers} callers: tokens {', '.join(rates)}", flush=True)
    for contestant in contestants:
        contestant.end()
    _report(contestants, problems[: max(options.callers)], options)


def _started(options: argparse.Namespace, solutions: list[dict[str, Any]]) -> list[Contestant]:
    pythons, found = dict(one.split("=", 1) for one in options.python), []
    for name in options.contestants:
        kind = CONTESTANTS[name][0]
        python = pythons.get(kind, sys.executable)
        model = options.gguf if kind == "llama_cpp" else _model_for(kind, options.model)
        found.append(Contestant(name, python, model or "", options.new_tokens, solutions))
    return [contestant for contestant in found if _ready(contestant)]


def _ready(contestant: Contestant) -> bool:
    try:
        contestant.wait_until_ready()
    except RuntimeError as error:
        print(f"skipped: {error}", flush=True)
        return False
    return True


def _model_for(kind: str, model: str) -> str:
    """Return the same weights as the library takes them: ours as they are, OpenVINO's converted, the others' in float32."""
    if kind == "ours":
        return model
    if kind == "genai":
        from trace_of_thought.models.weights.openvino_model import load_openvino

        return str(load_openvino(model)[0].folder)
    if not model.endswith(".gguf"):
        return model
    import torch

    from trace_of_thought.models.weights.gguf_folder import converted

    return str(converted(Path(model), torch.float32))


def _report(contestants: list[Contestant], problems: list[dict[str, Any]], options: argparse.Namespace) -> None:
    named = {contestant.name: contestant for contestant in contestants}
    texts = {contestant.name: contestant.texts for contestant in contestants}
    before = json.loads(options.before.read_text())["texts"] if options.before else {}
    verdicts = {name: _right(some, problems) for name, some in (texts | before).items()}
    base = next((name for name in ("generate", "ours") if name in verdicts), None)
    for contestant in contestants:
        rates, per_second = (
            " ".join(f"{contestant.rate(callers, clock):.1f}" for callers in options.callers) for clock in CLOCKS
        )
        right, tokens = verdicts[contestant.name], contestant.tokens[max(options.callers)] // options.turns
        print(f"{contestant.name:18} tokens/s {rates} | per processor second {per_second}", end=" | ")
        perplexity = f" | perplexity {contestant.perplexity:.3f}" if contestant.perplexity else ""
        print(f"right {sum(right)} of {len(right)} | {tokens} tokens{perplexity}")
    for name in texts if base else ():
        assert base is not None
        if name != base:
            print(_compared(name, (texts | before)[name], verdicts[name], base, (texts | before)[base], verdicts[base]))
    if options.check:
        _check(texts, [f"{problem['question']}{options.ask}" for problem in problems], _model_for("generate", options.model))
    for clock in CLOCKS:
        for label, values in _ratios(named, options.callers, clock).items():
            print(label, f"by {clock.replace('_', ' ')}:", *(f"{value:.2f}" for value in values))
    if options.json:
        rates = {
            name: {clock: [one.rate(callers, clock) for callers in options.callers] for clock in CLOCKS}
            for name, one in named.items()
        }
        kept = {"flags": sorted(_flags()), "callers": options.callers, "new_tokens": options.new_tokens, "tokens per": rates}
        options.json.write_text(json.dumps({**kept, "right": verdicts, "texts": texts}, indent=1))


def _check(texts: dict[str, list[str]], questions: list[str], model: str) -> None:
    """Print of each contestant how many texts are transformers' own, and the regret."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    loaded = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    for name, some in texts.items():
        gaps = []
        for question, text in zip(questions, some, strict=False):
            messages = [{"role": "user", "content": question}]
            prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
            before, written = (tokenizer(one, add_special_tokens=False)["input_ids"] for one in (prompt, text))
            with torch.inference_mode():
                ids = torch.tensor([before + written])
                logits = loaded(input_ids=ids, logits_to_keep=len(written) + 1).logits[0, :-1]
            gaps.append(logits.amax(dim=-1) - logits.gather(1, torch.tensor(written)[:, None])[:, 0])
        own = sum(not gap.any() for gap in gaps)
        print(f"{name}: {own} of {len(gaps)} texts are transformers' own, regret {torch.cat(gaps).mean():.5f} nats a token")


def _compared(name: str, texts: list[str], right: list[bool], base: str, others: list[str], theirs: list[bool]) -> str:
    pairs = list(zip(texts, others, strict=False))
    gained = sum(mine and not his for mine, his in zip(right, theirs, strict=False))
    lost = sum(his and not mine for mine, his in zip(right, theirs, strict=False))
    same = sum(one == other for one, other in pairs)
    return f"{name} against {base}: {same} of {len(pairs)} texts the same; right answers gained {gained}, lost {lost}, " + (
        f"p {_mcnemar(gained, lost):.3f}"
    )


def _mcnemar(gained: int, lost: int) -> float:
    """Return the exact two-sided p value."""
    number = gained + lost
    return min(1.0, 2 * sum(comb(number, k) for k in range(min(gained, lost) + 1)) / 2**number)


def _ratios(named: dict[str, Contestant], callers: list[int], clock: str) -> dict[str, list[float]]:
    ours = named.get("ours")
    if ours is None:
        return {}
    others = {name: one for name, one in named.items() if name != "ours"}
    found = {f"ours / {name}": [ours.rate(n, clock) / other.rate(n, clock) for n in callers] for name, other in others.items()}
    peers = [one for name, one in others.items() if not name.startswith("ours")]
    if peers:
        found["ours / fastest other"] = [ours.rate(n, clock) / max(peer.rate(n, clock) for peer in peers) for n in callers]
    return found


def _right(texts: list[str], problems: list[dict[str, Any]]) -> list[bool]:
    from trace_of_thought.verification import answers_equal, extract_answer

    found = []
    for text, problem in zip(texts, problems, strict=False):
        claim = extract_answer(text)
        reference = problem["answer"].rpartition("####")[2].strip()
        found.append(claim is not None and bool(answers_equal(claim.answer, reference)))
    return found


def _flags() -> set[str]:
    """Return what the CPU has for matrix products, where Linux tells."""
    file = Path("/proc/cpuinfo")
    found = set(file.read_text().split()) if file.exists() else set()
    return found & {"avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8", "amx_bf16"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder or .gguf file")
    parser.add_argument("--problems", required=True, type=Path, help="GSM8K test set, JSON lines")
    parser.add_argument("--contestants", nargs="*", default=["ours", "genai"], choices=list(CONTESTANTS), metavar="NAME")
    parser.add_argument("--python", nargs="*", default=[], metavar="KIND=PYTHON", help="of environments with other libraries")
    parser.add_argument("--gguf", help="the model as llama.cpp reads it")
    parser.add_argument("--callers", type=int, nargs="*", default=[1, 8, 64], help="questions asked at once")
    parser.add_argument("--new-tokens", type=int, default=256, help="of a reply at most")
    parser.add_argument("--ask", default="", help="text after each question, such as the form of the answer")
    parser.add_argument("--turns", type=int, default=2, help="of each contestant")
    parser.add_argument("--perplexity", type=int, default=0, metavar="N", help="of N solutions, for our engines")
    parser.add_argument("--check", action="store_true", help="compare each text with transformers' own choices")
    parser.add_argument("--before", type=Path, help="a file of --json whose texts are compared, such as those of generate")
    parser.add_argument("--json", type=Path, help="file to write")
    return parser.parse_args()


if __name__ == "__main__":
    main()
