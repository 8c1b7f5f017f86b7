"""Models in OpenVINO's form: written once into the cache folder, and only kept when their first texts are right."""

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

FIRST_PROMPTS = (
    "What is 7 times 8?",
    "Name the capital of France, and three things that a visitor should see there.",
    "A box holds 6 eggs. How many eggs are in 4 boxes? Think step by step.",
    "Write a short story about a lighthouse.",
)
FIRST_TOKENS = 32
MOST_REGRET = 0.1
"""Nats a token, on average, by which transformers may prefer its own choice to the converted model's.

Models that were read rightly had 0.0000, and one rounded to 8 bits 0.0026. SmolLM2's Q4_1 file, which OpenVINO's reader gets
wrong in a way that still writes fluent English, had 0.244.
"""


class CannotServeError(ValueError):
    """OpenVINO cannot serve this model rightly; the message says why."""


def openvino_folder(
    identity: str,
    name: str,
    weights: Literal["float16", "int8"],
    load: Callable[[], tuple[PreTrainedModel, PreTrainedTokenizerBase]],
) -> Path:
    """Return a folder with the model in OpenVINO's form, with its tokenizer and configuration.

    Args:
        identity: says which weights these are; other ones have another.
        name: for people who look into the cache folder.
        weights: see `write_gguf`.
        load: gives the model and the tokenizer, when the folder is not there yet.

    Raises:
        CannotServeError: OpenVINO reads this model wrongly or not at all; remembered in the cache.
    """
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
        gguf = unfinished / "model.gguf"
        write_gguf(model, gguf, weights)
        prompts = [_prompt(tokenizer, text) for text in FIRST_PROMPTS]
        if reason := _why_wrong(model, prompts, lambda: _read(unfinished, gguf, prompts)):
            raise CannotServeError(reason)
        gguf.unlink()


def _why_wrong(model: PreTrainedModel, prompts: list[list[int]], read: Callable[[], list[list[int]]]) -> str | None:
    try:
        texts = read()
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or [f"it ended with {error.returncode}"])[-1]
        return f"OpenVINO cannot read it ({last})"
    found = regret(model, prompts, texts)
    logger.info("OpenVINO's first texts: %.4f nats a token from transformers' own choices", found)
    if not found <= MOST_REGRET:
        return f"OpenVINO's first texts are not this model's ({found:.2f} nats a token from transformers' choices)"
    return None


def _read(folder: Path, gguf: Path, prompts: list[list[int]]) -> list[list[int]]:
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
    """Return by how many nats a token, on average, a model prefers its own choices to those of given texts.

    0 when the texts are what the model would write greedily; small when only close calls went the other way.
    """
    gaps = []
    for prompt, text in zip(prompts, texts, strict=True):
        ids = torch.tensor([prompt + text])
        logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
        gaps.append(logits.amax(dim=-1) - logits.gather(1, ids[0, len(prompt) :, None])[:, 0])
    return float(torch.cat(gaps).mean())
