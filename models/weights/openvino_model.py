"""Load a model for OpenVINO: an exported one as it is, any other after converting it once. The door is `load_openvino`."""

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
    """A model on disk in OpenVINO's format, with the attributes of a `PreTrainedModel` that its callers read.

    Attributes:
        folder: folder with `openvino_model.xml`.
        config: configuration of the original model.
        generation_config: generation config of the original model; only its end tokens are used.
        weights: format of the weights: "float16", "int8" or "as exported".
        dtype: data type to compute in, float32 or bfloat16.
    """

    folder: Path
    config: PreTrainedConfig
    generation_config: GenerationConfig
    weights: str
    dtype: torch.dtype = torch.float32

    @property
    def device(self) -> torch.device:
        """The CPU, the only device that OpenVINO is used on here."""
        return torch.device("cpu")


def load_openvino(
    model_id: str, weights: Weights = "float16", dtype: str = "float32", **hub_options: Any
) -> tuple[OpenVinoModel, PreTrainedTokenizerBase]:
    """Load a model for `OpenVinoEngine`, and its tokenizer.

    Args:
        model_id: hub id, folder or `.gguf` file. A folder or repository with `openvino_model.xml` is used as it is.
        weights: format of the weights of a model that is converted: "float16", or "int8" for blocks of 8 bits.
        dtype: data type to compute in: "float32" or "bfloat16".
        hub_options: `revision`, `token`, `cache_dir`.

    Raises:
        CannotServeError: OpenVINO cannot serve this model correctly; the message says why.
        FileNotFoundError, ConnectionError, MemoryError, ValueError: as for `transformers_model.load`.
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
    """Return the folder of a model that was exported to OpenVINO, downloaded if needed; `None` if it was not."""
    path = Path(model_id).expanduser()
    if path.exists():
        return path if (path / MODEL).exists() else None
    from huggingface_hub import snapshot_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError, OfflineModeIsEnabled

    where = {name: hub_options[name] for name in ("revision", "cache_dir") if name in hub_options}
    source_of(model_id)
    # a model with safetensors in the cache is no export: this answer needs no request to the hub
    known = try_to_load_from_cache(model_id, "model.safetensors", **where)
    if isinstance(known, str) or "/" not in model_id:  # an object that is no path says that the hub has no such file
        return None
    try:
        from huggingface_hub import hf_hub_download

        # this one file tells an export from other models, before everything is downloaded
        hf_hub_download(model_id, MODEL, **hub_options)
    except (EntryNotFoundError, LocalEntryNotFoundError, OfflineModeIsEnabled):
        return None
    return Path(snapshot_download(model_id, **hub_options))


def _converted(model_id: str, weights: Weights, **hub_options: Any) -> Path:
    """Return the folder of a model after converting it, see `openvino_folder`."""
    path = Path(model_id).expanduser()
    if path.suffix == ".gguf":
        file = path.resolve()
        return openvino_folder(digest_of(file), file.stem, weights, lambda: _checked(*read_gguf(file, torch.float32)))
    source = source_of(model_id)
    config = AutoConfig.from_pretrained(source, trust_remote_code=False, **hub_options)
    # from the configuration alone, before gigabytes of weights are downloaded for nothing
    if reason := why_not(config):
        raise CannotServeError(reason)
    # transformers sets the commit for hub ids only; a local folder is identified by the state of its files
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
    """Return a hash of the names, sizes and times of a folder's files, which is faster than hashing gigabytes of weights."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    state = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr((str(folder.resolve()), state)).encode()).hexdigest()


def _generation_config(folder: Path) -> GenerationConfig:
    try:
        return GenerationConfig.from_pretrained(folder)
    except OSError:  # the model has no generation_config.json
        return GenerationConfig()
