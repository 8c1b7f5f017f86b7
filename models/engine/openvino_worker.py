"""Runs OpenVINO for one engine; a script, started in a process of its own as `python -P openvino_worker.py`.

The library holds Python's lock for the whole of a step, survives no fork, and is left in pieces by an error in a step. So it
runs here: the student's process stays free for other work, and an engine that fails is started again. Lines of JSON
come in (first the settings, then calls and cancellations) and go out (the tokens of each step). With settings without a
scheduler, texts come in and the likelihoods of their tokens go out: the batching tells only those of chosen tokens.
"""

import json
import os
import queue
import sys
import threading
from typing import Any

import numpy as np
import openvino
import openvino_genai

CHUNK_TOKENS = 256
"""Tokens that the scorer reads at once, whose logits are in memory together: 150 MB with a vocabulary of 150,000."""


class Worker:
    """The calls under way in one pipeline."""

    def __init__(self, folder: str, scheduler: dict[str, Any], properties: dict[str, Any]) -> None:
        config = openvino_genai.SchedulerConfig()
        for name, value in scheduler.items():
            setattr(config, name, value)
        self._pipeline = openvino_genai.ContinuousBatchingPipeline(folder, config, "CPU", properties)
        self._handles: dict[int, openvino_genai.GenerationHandle] = {}

    @property
    def busy(self) -> bool:
        """Whether calls are under way."""
        return bool(self._handles)

    def obey(self, add: list[dict[str, Any]], cancel: list[int]) -> dict[int, str]:
        """Take calls in and let others go; returns what is wrong with those that are refused."""
        refused = {}
        for call in add:
            try:
                ids = openvino.Tensor(np.array([call["prompt"]], dtype=np.int64))
                self._handles[call["id"]] = self._pipeline.add_request(call["id"], ids, _generation_config(call))
            except (RuntimeError, TypeError, ValueError) as error:
                refused[call["id"]] = str(error)
        for name in cancel:
            if handle := self._handles.pop(name, None):
                handle.cancel()
        return refused

    def step(self) -> dict[int, tuple[list[int], list[float], bool]]:
        """Bring all calls one token forward; returns new tokens, their log-probabilities, and whether the call ended."""
        self._pipeline.step()
        news = {}
        for name, handle in list(self._handles.items()):
            tokens, scores = [], []
            while handle.can_read():
                for output in handle.read().values():
                    tokens += output.generated_ids
                    scores += output.generated_log_probs
            ended = handle.get_status() != openvino_genai.GenerationStatus.RUNNING
            if ended:
                del self._handles[name]
            if tokens or ended:
                news[name] = (tokens, scores, ended)
        return news


class Scorer:
    """Reads texts with the plain model."""

    def __init__(self, folder: str, properties: dict[str, Any]) -> None:
        core = openvino.Core()
        model = core.read_model(os.path.join(folder, "openvino_model.xml"))
        self._request = core.compile_model(model, "CPU", properties).create_infer_request()
        self._inputs = {name for port in model.inputs for name in port.names}

    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[tuple[float, list[tuple[int, float]]]]:
        """Return the log-probability of each token, and the likeliest tokens in its place with theirs."""
        text, found = prompt + tokens, []
        self._request.reset_state()
        for begin in range(0, len(text) - 1, CHUNK_TOKENS):
            end = min(begin + CHUNK_TOKENS, len(text) - 1)
            values = {
                "input_ids": np.array([text[begin:end]], dtype=np.int64),
                "attention_mask": np.ones((1, end), dtype=np.int64),
                "position_ids": np.arange(begin, end, dtype=np.int64)[None],
                "beam_idx": np.zeros(1, dtype=np.int32),
            }
            logits = self._request.infer({name: value for name, value in values.items() if name in self._inputs})[0][0]
            first = max(begin, len(prompt) - 1)
            for row, token in zip(logits[first - begin :], text[first + 1 : end + 1], strict=True):
                logprobs = row - row.max()
                logprobs -= np.log(np.exp(logprobs).sum())
                best: Any = np.argpartition(logprobs, -alternatives)[-alternatives:] if alternatives else []
                told = sorted(((int(other), float(logprobs[other])) for other in best), key=lambda pair: -pair[1])
                found.append((float(logprobs[token]), told))
        return found


def _generation_config(call: dict[str, Any]) -> openvino_genai.GenerationConfig:
    config = openvino_genai.GenerationConfig(**call["options"])
    config.apply_chat_template = False
    config.stop_token_ids = set(call["end_tokens"])
    config.ignore_eos = not call["end_tokens"]
    if call["form"]:
        config.structured_output_config = openvino_genai.StructuredOutputConfig(**call["form"])
    return config


def _serve(worker: Worker, commands: "queue.SimpleQueue[str]", say: Any) -> None:
    while True:
        refused: dict[int, str] = {}
        while not worker.busy or not commands.empty():
            refused |= worker.obey(**json.loads(commands.get()))
            if refused:
                break
        say({"tokens": worker.step() if worker.busy else {}, "refused": refused})


def _listen(commands: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        commands.put(line)
    os._exit(0)  # the student's process is gone, or needs this one no more


def main() -> None:
    """Load, say so, and serve until the input ends."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the library prints is no reply

    def say(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    try:
        settings = json.loads(sys.stdin.readline())
        if "scheduler" not in settings:
            scorer = Scorer(**settings)
            say({"ready": True})
            for line in sys.stdin:
                say({"likelihoods": scorer.score(**json.loads(line))})
            os._exit(0)
        worker = Worker(**settings)
        say({"ready": True})
        commands: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(commands,), daemon=True).start()
        _serve(worker, commands, say)
    except BaseException as error:
        say({"failed": f"{type(error).__name__}: {error}"})
        os._exit(1)  # the library's own clean-up may crash or hang after an error


if __name__ == "__main__":
    main()
