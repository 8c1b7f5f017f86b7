"""Load a model for the library that will run it: OpenVINO on a CPU if it can, else transformers. The door is `load_local`."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any, Literal

import torch
from transformers import PreTrainedTokenizerBase

from ...foundation.commands import install
from . import transformers_model
from .openvino_folder import CannotServeError

logger = logging.getLogger(__name__)

EngineName = Literal["auto", "openvino", "continuous"]
_HUB = ("revision", "token", "cache_dir")


def load_local(
    model_id: str, *, engine: EngineName, weights: str | None = None, **options: Any
) -> tuple[Any, PreTrainedTokenizerBase]:
    """Load an `OpenVinoModel` or a `PreTrainedModel`, and its tokenizer.

    Args:
        model_id: hub id, folder or `.gguf` file.
        engine: "auto" is OpenVINO on a CPU, unless an option is given that only transformers has.
        weights: format of the weights of a model that is converted for OpenVINO: "float16" (default) or "int8".
        options: as for `transformers_model.load`.

    Raises:
        ValueError: options contradict each other, or OpenVINO was asked for by name and cannot serve this model.
        ImportError: OpenVINO was asked for by name and is not installed.
        FileNotFoundError, ConnectionError, MemoryError: as for `transformers_model.load`.
    """
    if weights not in (None, "float16", "int8"):
        raise ValueError(f"weights={weights!r}: give 'float16' or 'int8'")
    given = {name: value for name, value in options.items() if value is not None}
    dtype = str(given.get("dtype", "float32")).removeprefix("torch.")
    # options that only transformers understands
    foreign = sorted(given.keys() - {*_HUB, "device", *(["dtype"] if dtype in ("float32", "bfloat16") else [])})
    if engine == "openvino" or (engine == "auto" and not foreign and _on_cpu(given.get("device"))):
        if foreign:
            raise ValueError(f"{', '.join(foreign)}: options of transformers, which engine='openvino' does not have; leave out")
        try:
            hub_options = {name: given[name] for name in _HUB if name in given}
            return _for_openvino(model_id, weights or "float16", dtype, hub_options)
        except (ImportError, CannotServeError) as error:
            if engine == "openvino" or weights:  # asked for explicitly; "auto" falls back to transformers
                raise
            logger.warning("%s: not served by OpenVINO but by transformers, which is slower on a CPU: %s", model_id, error)
    if weights:
        raise ValueError(f"weights={weights!r} is for OpenVINO on a CPU; leave it out, or give a quantization_config")
    return transformers_model.load(model_id, **options)


def _for_openvino(model_id: str, weights: Any, dtype: str, hub_options: dict[str, Any]) -> tuple[Any, PreTrainedTokenizerBase]:
    if find_spec("openvino_genai") is None:
        raise ImportError(f"the package openvino-genai is missing; install it with: {install('local')}")
    from .openvino_model import load_openvino

    return load_openvino(model_id, weights, dtype, **hub_options)


def _on_cpu(device: Any) -> bool:
    if device is None:
        return torch.accelerator.current_accelerator(check_available=True) is None
    return str(device) in ("cpu", "-1")  # -1 is how pipelines of transformers name the CPU
