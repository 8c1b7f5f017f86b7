"""Write a Llama-like or Qwen model as a GGUF file, which OpenVINO reads in seconds. See `why_not` and `write_gguf`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from transformers import PreTrainedConfig, PreTrainedModel

ARCHITECTURES = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
"""GGUF architecture by transformers' model type, for the types that OpenVINO's GGUF reader builds correctly."""

_NOT_IN_THE_FILE = (
    ("attention_bias", "its attention has biases", ("llama", "mistral", "qwen3")),
    ("mlp_bias", "its MLP has biases", ("llama",)),
    ("use_sliding_window", "it uses a sliding window", ("qwen2", "qwen3")),
    ("sliding_window", "it uses a sliding window", ("mistral",)),
)
"""What these architectures cannot express: option of the configuration, reason, and the model types that have it."""


def why_not(config: PreTrainedConfig) -> str | None:
    """Return why OpenVINO could not read a model correctly from a GGUF file, `None` if it can."""
    kind = config.model_type
    if kind not in ARCHITECTURES:
        return f"OpenVINO reads {', '.join(ARCHITECTURES)} models directly, and this is a {kind!r} model"
    for name, reason, kinds in _NOT_IN_THE_FILE:
        if kind in kinds and getattr(config, name, None):
            return reason
    rope = _rope(config)
    if rope.get("rope_type", "default") != "default":
        return f"its positions are scaled ({rope['rope_type']})"
    if config.hidden_act != "silu":
        return f"its activation is {config.hidden_act}"
    return None


def write_gguf(model: PreTrainedModel, file: Path, weights: Literal["float16", "int8"]) -> None:
    """Write the weights of a model, without a tokenizer: matrices as F16 or Q8_0, vectors as F32.

    Args:
        model: a model for which `why_not` returns `None`.
        file: GGUF file to write.
        weights: "float16", or "int8" for blocks of 32 weights of 8 bits with one scale (Q8_0).
    """
    import gguf

    config = model.config
    kind = gguf.GGMLQuantizationType.Q8_0 if weights == "int8" else gguf.GGMLQuantizationType.F16
    writer = gguf.GGUFWriter(file, ARCHITECTURES[config.model_type])
    _write_shape(writer, config)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if weights == "int8" else gguf.LlamaFileType.MOSTLY_F16)
    architecture = next(a for a, name in gguf.MODEL_ARCH_NAMES.items() if name == ARCHITECTURES[config.model_type])
    names = gguf.get_tensor_name_map(architecture, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        # tied to the embeddings: without an output matrix in the file, the reader uses those
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values = _as_llama_cpp_orders(name, tensor, config).to(torch.float32).numpy()
        told = str(names.get_name(name, try_suffixes=(".weight", ".bias")))
        if values.ndim == 1:  # norms and biases: hardly any memory to save
            writer.add_tensor(told, values)
        elif kind == gguf.GGMLQuantizationType.F16:
            writer.add_tensor(told, values.astype(np.float16))
        else:
            writer.add_tensor(told, gguf.quants.quantize(values, kind), raw_dtype=kind)
    # the format's order: header, metadata, tensors
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_shape(writer: Any, config: PreTrainedConfig) -> None:
    heads = config.num_attention_heads
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(getattr(config, "num_key_value_heads", None) or heads)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(float(_rope(config)["rope_theta"]))


def _rope(config: PreTrainedConfig) -> dict[str, Any]:
    return getattr(config, "rope_parameters", None) or {"rope_theta": 10_000.0}  # 10,000 is the RoPE paper's base


def _as_llama_cpp_orders(name: str, tensor: torch.Tensor, config: PreTrainedConfig) -> torch.Tensor:
    """Reorder the rows of query and key matrices as llama.cpp wants them for Llama-like models.

    Its RoPE rotates neighbouring pairs of a head's dimensions; transformers rotates the two halves of a head.
    """
    if ARCHITECTURES[config.model_type] != "llama" or not name.endswith(("q_proj.weight", "k_proj.weight")):
        return tensor
    heads = config.num_attention_heads
    if name.endswith("k_proj.weight"):
        heads = getattr(config, "num_key_value_heads", None) or heads
    return tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(tensor.shape)
