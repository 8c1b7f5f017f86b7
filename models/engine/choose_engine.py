"""Choose the engine for a model, and how large its key-value cache may be."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from ..weights.local_model import EngineName
from ..weights.openvino_model import OpenVinoModel
from .base import Engine
from .continuous_engine import ContinuousEngine
from .openvino_engine import OpenVinoEngine


def build_engine(
    model: PreTrainedModel | OpenVinoModel, kind: EngineName, max_batch_size: int, max_batch_tokens: int | None
) -> Engine:
    """Build the engine for a model: OpenVINO for a model in its format, else transformers' continuous batching.

    Args:
        model: a loaded model, see `weights.local_model.load_local`.
        kind: the engine that the user asked for. `"openvino"` fails for a model that is not in OpenVINO's format.
        max_batch_size: maximum number of calls decoded together.
        max_batch_tokens: size of the key-value cache in tokens; see `cache_tokens` for the default.

    Raises:
        ValueError: no engine serves this kind of model, it is spread over devices, or a limit is not positive.
    """
    if max_batch_size < 1 or (max_batch_tokens is not None and max_batch_tokens < 1):
        raise ValueError(f"max_batch_size={max_batch_size}, max_batch_tokens={max_batch_tokens}: give 1 or more")
    limits: dict[str, int] = {
        "max_batch_size": max_batch_size,
        "max_batch_tokens": max_batch_tokens or cache_tokens(model, max_batch_size),
    }
    if isinstance(model, OpenVinoModel):
        # set explicitly: OpenVINO by itself computes in bfloat16 on CPUs that have it, and texts then change with the batch
        precision = "bf16" if model.dtype == torch.bfloat16 else "f32"
        return OpenVinoEngine(model.folder, precision=precision, **limits)
    if model.config.is_encoder_decoder or getattr(model, "_is_stateful", False):
        raise ValueError(
            f"{model.config.model_type!r} models keep no plain key-value cache of a single text; "
            "give a decoder-only attention model, or use ChatHuggingFace"
        )
    if kind == "openvino":
        raise ValueError("engine='openvino' needs a model in OpenVINO's form; load it with from_model_id")
    if len(devices := {str(parameter.device) for parameter in model.parameters()}) > 1:
        raise ValueError(
            f"the model is spread over {', '.join(sorted(devices))}, and a student in this process runs on one device; "
            "serve it with vLLM or SGLang and use openai:NAME with a base_url"
        )
    return ContinuousEngine(model, **limits)


def cache_tokens(model: PreTrainedModel | OpenVinoModel, rows: int) -> int:
    """Return the default size of the key-value cache in tokens, from 2,048 to 262,144.

    That is what a quarter of the free memory holds, but no more than `rows` sequences of the model's full context.
    """
    config = model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    itemsize = 1 if isinstance(model, OpenVinoModel) else model.dtype.itemsize  # OpenVINO caches 8 bits a value
    # bytes a token: keys and values of every layer
    position = 2 * config.num_hidden_layers * heads * dim * itemsize
    context = getattr(config, "max_position_embeddings", None) or 262_144
    return int(min(max(_free_bytes(model.device) // 4 // position, 2048), 262_144, max(rows * context, 2048)))


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "xpu":
        return torch.xpu.mem_get_info(device)[0]
    import psutil

    return psutil.virtual_memory().available
