"""Convert models to OpenVINO's format, once each, and check their first texts. The door is `openvino_folder`."""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from .cache import cache_folder, locked, written
from .gguf_writer import write_gguf

logger = logging.getLogger(__name__)

MODEL = "openvino_model.xml"
READ_SECONDS = 3600.0
"""Maximum seconds for reading a GGUF file and generating the first texts."""

FIRST_PROMPTS = (
    "What is 7 times 8?",
    "Name the capital of France, and three things that a visitor should see there.",
    "A box holds 6 eggs. How many eggs are in 4 boxes? Think step by step.",
    "Write a short story about a lighthouse.",
)
"""Prompts of the check."""

FIRST_TOKENS = 32
"""Tokens generated after each prompt of the check."""

MOST_REGRET = 0.1
"""Maximum mean regret of the first texts, in nats a token; see `regret`.

Measured: 0.0000 for float16 weights that were read correctly, 0.0026 for int8 weights, and 0.244 for SmolLM2's Q4_1 file, which
OpenVINO reads wrongly although its texts are fluent English.
"""


class CannotServeError(ValueError):
    """OpenVINO cannot serve this model correctly; the message says why."""


def openvino_folder(
    identity: str,
    name: str,
    weights: Literal["float16", "int8"],
    load: Callable[[], tuple[PreTrainedModel, PreTrainedTokenizerBase]],
) -> Path:
    """Return the folder of a model in OpenVINO's format, with tokenizer and configuration; convert the model if needed.

    Args:
        identity: text that identifies the weights, such as a hash of them.
        name: beginning of the folder's name, for people who look into the cache.
        weights: see `write_gguf`.
        load: loads the model and the tokenizer; called only if there is no such folder yet.

    Raises:
        CannotServeError: OpenVINO reads this model wrongly or not at all. The cache remembers this.
    """
    # another release of the library may read a model differently, so it converts and checks again
    key = hashlib.sha256(f"{identity} {version('openvino-genai')}".encode()).hexdigest()[:16]
    folder = cache_folder() / "openvino" / f"{name}-{key}-{weights}"
    refused = Path(f"{folder}.refused")
    with locked(folder):
        if refused.exists():
            raise CannotServeError(refused.read_text())
        if not folder.exists():
            try:
                _convert(folder, weights, *load())
            except CannotServeError as error:
                refused.write_text(str(error))
                raise
    return folder


def _convert(
    folder: Path, weights: Literal["float16", "int8"], model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    with written(folder) as unfinished:
        tokenizer.save_pretrained(unfinished)
        model.config.save_pretrained(unfinished)
        if model.generation_config is not None:
            model.generation_config.save_pretrained(unfinished)
        gguf = unfinished / "model.gguf"  # only the way to OpenVINO's own files, which are written beside it
        write_gguf(model, gguf, weights)
        prompts = [_prompt(tokenizer, text) for text in FIRST_PROMPTS]
        if reason := _why_wrong(model, prompts, lambda: _read(unfinished, gguf, prompts)):
            raise CannotServeError(reason)
        gguf.unlink()


def _why_wrong(model: PreTrainedModel, prompts: list[list[int]], read: Callable[[], list[list[int]]]) -> str | None:
    try:
        texts = read()
    except subprocess.CalledProcessError as error:
        # the last line of a traceback says what happened
        last = (error.stderr.strip().splitlines() or [f"it ended with {error.returncode}"])[-1]
        return f"OpenVINO cannot read it ({last})"
    found = regret(model, prompts, texts)
    logger.info("OpenVINO's first texts: %.4f nats a token from transformers' own choices", found)
    if not found <= MOST_REGRET:  # written like this, a NaN is refused too
        return f"OpenVINO's first texts are not this model's ({found:.2f} nats a token from transformers' choices)"
    return None


def _read(folder: Path, gguf: Path, prompts: list[list[int]]) -> list[list[int]]:
    # a process of its own, see `openvino_reader`
    script = Path(__file__).with_name("openvino_reader.py")
    done = subprocess.run(
        [sys.executable, "-P", str(script), str(folder), str(gguf)],
        input=json.dumps({"prompts": prompts, "tokens": FIRST_TOKENS}) + "\n",
        capture_output=True,
        text=True,
        timeout=READ_SECONDS,
        check=True,
    )
    return json.loads(done.stdout)


def _prompt(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    if tokenizer.chat_template:
        text = str(
            tokenizer.apply_chat_template([{"role": "user", "content": text}], add_generation_prompt=True, tokenize=False)
        )
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@torch.inference_mode()
def regret(model: PreTrainedModel, prompts: list[list[int]], texts: list[list[int]]) -> float:
    """Return the mean regret of texts under a model, in nats a token.

    The regret of a token is the log-probability of the model's own most likely token minus that of the given one. It is 0 for
    what the model would generate greedily, and small if only near ties went the other way.

    Args:
        model: a causal language model on the CPU.
        prompts: token ids.
        texts: token ids that follow each prompt.
    """
    gaps = []
    for prompt, text in zip(prompts, texts, strict=True):
        ids = torch.tensor([prompt + text])
        logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
        # a difference of logits equals that of log-probabilities
        gaps.append(logits.amax(dim=-1) - logits.gather(1, ids[0, len(prompt) :, None])[:, 0])
    return float(torch.cat(gaps).mean())
