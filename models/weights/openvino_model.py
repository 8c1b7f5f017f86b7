"""Load a model for OpenVINO: one that is in its form already, or any other after converting it once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from .gguf_folder import digest_of, read_gguf
from .gguf_writer import why_not
from .openvino_folder import MODEL, CannotServeError, openvino_folder
from .transformers_model import explained, source_of

Weights = Literal["float16", "int8"]


@dataclass(slots=True)
class OpenVinoModel:
    """A model on disk in OpenVINO's form, with what a caller asks of a model.

    Attributes:
        folder: holds `openvino_model.xml`.
        config: of the original model.
        generation_config: of the original model; only its end tokens are used.
        weights: how they are kept: "float16", "int8", or "as exported".
        dtype: what it computes in, float32 or bfloat16.
    """

    folder: Path
    config: PreTrainedConfig
    generation_config: GenerationConfig
    weights: str
    dtype: torch.dtype = torch.float32

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")


def load_openvino(
    model_id: str, weights: Weights = "float16", dtype: str = "float32", **hub_options: Any
) -> tuple[OpenVinoModel, PreTrainedTokenizerBase]:
    """Return a model ready for `OpenVinoEngine`, and its tokenizer.

    Args:
        model_id: hub id, folder or `.gguf` file. One that holds `openvino_model.xml` is used as it is.
        weights: of a model that is converted here: "float16", or "int8" for blocks of 8 bits.
        dtype: to compute in: "float32" or "bfloat16".
        hub_options: `revision`, `token`, `cache_dir`.

    Raises:
        CannotServeError: OpenVINO cannot serve this model rightly; says why.
        FileNotFoundError, ConnectionError, MemoryError, ValueError: as `transformers_model.load` does.
    """
    with explained(model_id):
        folder, kept = _exported(model_id, **hub_options), "as exported"
        if folder is None:
            folder, kept = _converted(model_id, weights, **hub_options), weights
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        config, chosen = AutoConfig.from_pretrained(folder, trust_remote_code=False), getattr(torch, dtype)
        model = OpenVinoModel(folder, config, _generation_config(folder), kept, chosen)
    return model, tokenizer


def _exported(model_id: str, **hub_options: Any) -> Path | None:
    """Return the folder of a model that is in OpenVINO's form already."""
    path = Path(model_id).expanduser()
    if path.exists():
        return path if (path / MODEL).exists() else None
    from huggingface_hub import snapshot_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError, OfflineModeIsEnabled

    where = {name: hub_options[name] for name in ("revision", "cache_dir") if name in hub_options}
    source_of(model_id)
    if try_to_load_from_cache(model_id, "model.safetensors", **where) or "/" not in model_id:
        return None
    try:
        from huggingface_hub import hf_hub_download

        hf_hub_download(model_id, MODEL, **hub_options)
    except (EntryNotFoundError, LocalEntryNotFoundError, OfflineModeIsEnabled):
        return None
    return Path(snapshot_download(model_id, **hub_options))


def _converted(model_id: str, weights: Weights, **hub_options: Any) -> Path:
    path = Path(model_id).expanduser()
    if path.suffix == ".gguf":
        file = path.resolve()
        return openvino_folder(digest_of(file), file.stem, weights, lambda: _checked(*read_gguf(file, torch.float32)))
    source = source_of(model_id)
    config = AutoConfig.from_pretrained(source, trust_remote_code=False, **hub_options)
    if reason := why_not(config):
        raise CannotServeError(reason)
    identity = str(getattr(config, "_commit_hash", None) or _stamp(path))

    def load() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        model = AutoModelForCausalLM.from_pretrained(source, dtype="auto", trust_remote_code=False, **hub_options)
        return model, AutoTokenizer.from_pretrained(source, trust_remote_code=False, **hub_options)

    return openvino_folder(f"{model_id} {identity}", Path(model_id).name, weights, load)


def _checked(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    if reason := why_not(model.config):
        raise CannotServeError(reason)
    return model, tokenizer


def _stamp(folder: Path) -> str:
    """Return what tells one state of a folder from another, without reading its weights."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    state = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr((str(folder.resolve()), state)).encode()).hexdigest()


def _generation_config(folder: Path) -> GenerationConfig:
    try:
        return GenerationConfig.from_pretrained(folder)
    except OSError:
        return GenerationConfig()
