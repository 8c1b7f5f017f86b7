"""GGUF files as model folders: converted once, kept in a cache folder, safe when many processes start together."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ...foundation.installing import install
from .cache import cache_folder, locked, written


def converted(file: Path, dtype: torch.dtype) -> Path:
    """Return a folder that holds the model of a GGUF file as safetensors, with its tokenizer and chat template.

    transformers takes about 20 seconds to read a 100 MB file and less than one to read the folder. The folder's
    name comes from the file's content, so that a file that moves is not converted again and one that changes is.

    Args:
        file: the GGUF file.
        dtype: of the weights in the folder.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a GGUF file, or of an architecture that transformers cannot read.
    """
    folder = cache_folder() / "gguf" / f"{file.stem}-{digest_of(file)}-{str(dtype).removeprefix('torch.')}"
    with locked(folder):
        if not (folder / "config.json").exists():
            with written(folder) as unfinished:
                model, tokenizer = read_gguf(file, dtype)
                model.save_pretrained(unfinished)
                tokenizer.save_pretrained(unfinished)
    return folder


def digest_of(file: Path) -> str:
    """Return a short name for the content of a GGUF file; raises as `converted` does."""
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such GGUF file")
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ValueError(f"{file} is not a GGUF file (it does not begin with 'GGUF'); download it again")
        stream.seek(0)
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def read_gguf(file: Path, dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model of a GGUF file, its weights no longer quantized, and its tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=dtype)
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    except ImportError as error:
        raise ImportError(f"{file}: reading GGUF needs the package gguf; {install('local')}") from error
    except (ArithmeticError, EOFError, LookupError, RuntimeError, ValueError, struct.error) as error:
        text = f"{file}: transformers cannot read this GGUF file ({error}); it may be incomplete: download it again"
        raise ValueError(text) from error
    _forget_gguf(model)
    return model, tokenizer


def _forget_gguf(model: torch.nn.Module) -> None:
    """The weights are plain tensors now; transformers would refuse to save them as quantized."""
    model.hf_quantizer = None  # type: ignore[assignment]
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
