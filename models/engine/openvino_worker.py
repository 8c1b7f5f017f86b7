"""Run OpenVINO for one engine. A script, started in a process of its own as `python -P openvino_worker.py`.

OpenVINO GenAI holds the GIL during a whole step, survives no fork, and is unusable after an error in a step. In a process of
its own it does not block the student's process, and it can be restarted.

The protocol is one JSON object a line. Input: first the settings, then calls and cancellations. Output: the new tokens of each
step. If the settings have no scheduler, the process is a scorer: texts come in and the likelihoods of their tokens go out,
with alternatives, which the batching does not report.
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
"""Tokens that the scorer reads at once. Bounds the memory for logits: 150 MB with a vocabulary of 150,000."""


class Worker:
    """The running calls of one pipeline."""

    def __init__(self, folder: str, scheduler: dict[str, Any], properties: dict[str, Any]) -> None:
        config = openvino_genai.SchedulerConfig()
        for name, value in scheduler.items():
            setattr(config, name, value)
        self._pipeline = openvino_genai.ContinuousBatchingPipeline(folder, config, "CPU", properties)
        self._handles: dict[int, openvino_genai.GenerationHandle] = {}

    @property
    def busy(self) -> bool:
        """Whether any call is running."""
        return bool(self._handles)

    def obey(self, add: list[dict[str, Any]], cancel: list[int]) -> dict[int, str]:
        """Add and cancel calls; return the error messages of the calls that the library refuses."""
        refused = {}
        for call in add:
            try:
                ids = openvino.Tensor(np.array([call["prompt"]], dtype=np.int64))
                self._handles[call["id"]] = self._pipeline.add_request(call["id"], ids, _generation_config(call))
            except (RuntimeError, TypeError, ValueError) as error:  # an option of this call only: the others go on
                refused[call["id"]] = str(error)
        for name in cancel:
            if handle := self._handles.pop(name, None):
                handle.cancel()
        return refused

    def step(self) -> dict[int, tuple[list[int], list[float], bool]]:
        """Decode one token for all calls; return their new tokens, log-probabilities and whether they ended, by call."""
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
    """The model without batching, which gives the logits of all tokens."""

    def __init__(self, folder: str, properties: dict[str, Any]) -> None:
        core = openvino.Core()
        model = core.read_model(os.path.join(folder, "openvino_model.xml"))
        self._request = core.compile_model(model, "CPU", properties).create_infer_request()
        # exports differ in which inputs a model has, such as position_ids
        self._inputs = {name for port in model.inputs for name in port.names}

    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[tuple[float, list[tuple[int, float]]]]:
        """Return the log-probability of each token of a reply, and the most likely tokens at its position with theirs."""
        text, found = prompt + tokens, []
        self._request.reset_state()  # empties the key-value cache, which the chunks below fill
        for begin in range(0, len(text) - 1, CHUNK_TOKENS):
            end = min(begin + CHUNK_TOKENS, len(text) - 1)
            values = {
                "input_ids": np.array([text[begin:end]], dtype=np.int64),
                "attention_mask": np.ones((1, end), dtype=np.int64),
                "position_ids": np.arange(begin, end, dtype=np.int64)[None],
                "beam_idx": np.zeros(1, dtype=np.int32),
            }
            logits = self._request.infer({name: value for name, value in values.items() if name in self._inputs})[0][0]
            first = max(begin, len(prompt) - 1)  # the logits at a position belong to the next token
            for row, token in zip(logits[first - begin :], text[first + 1 : end + 1], strict=True):
                logprobs = row - row.max()
                logprobs -= np.log(np.exp(logprobs).sum())
                best: Any = np.argpartition(logprobs, -alternatives)[-alternatives:] if alternatives else []
                told = sorted(((int(other), float(logprobs[other])) for other in best), key=lambda pair: -pair[1])
                found.append((float(logprobs[token]), told))
        return found


def _generation_config(call: dict[str, Any]) -> openvino_genai.GenerationConfig:
    config = openvino_genai.GenerationConfig(**call["options"])
    config.apply_chat_template = False  # the prompt has it already
    config.stop_token_ids = set(call["end_tokens"])
    config.ignore_eos = not call["end_tokens"]
    if call["form"]:
        config.structured_output_config = openvino_genai.StructuredOutputConfig(**call["form"])
    return config


def _serve(worker: Worker, commands: "queue.SimpleQueue[str]", say: Any) -> None:
    """Step while calls run, and take in commands between the steps."""
    while True:
        refused: dict[int, str] = {}
        while not worker.busy or not commands.empty():
            refused |= worker.obey(**json.loads(commands.get()))
            if refused:  # reported at once: without running calls, the loop would wait for the next command
                break
        say({"tokens": worker.step() if worker.busy else {}, "refused": refused})


def _listen(commands: "queue.SimpleQueue[str]") -> None:
    for line in sys.stdin:
        commands.put(line)
    os._exit(0)  # the student's process is gone or has closed the engine


def main() -> None:
    """Load the model, report it, and serve until the input ends."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the library prints must not mix with the replies

    def say(message: dict[str, Any]) -> None:
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    try:
        settings = json.loads(sys.stdin.readline())
        if "scheduler" not in settings:
            scorer = Scorer(**settings)
            say({"ready": True})
            for line in sys.stdin:  # ends when the student's process closes or dies
                say({"likelihoods": scorer.score(**json.loads(line))})
            os._exit(0)
        worker = Worker(**settings)
        say({"ready": True})
        # a thread reads, so that commands arrive, and the end of the input is noticed, between two steps
        commands: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(commands,), daemon=True).start()
        _serve(worker, commands, say)
    except BaseException as error:
        say({"failed": f"{type(error).__name__}: {error}"})
        os._exit(1)  # not sys.exit: the library's clean-up may crash or hang after an error


if __name__ == "__main__":
    main()
