"""Convert GGUF files to folders that transformers loads fast, once for each file. The door is `converted`."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ...foundation.commands import install
from .cache import cache_folder, locked, written


def converted(file: Path, dtype: torch.dtype) -> Path:
    """Convert a GGUF file to a folder in the cache, unless that is done: safetensors, tokenizer and chat template.

    transformers takes about 20 seconds to read a 100 MB GGUF file and less than one to read the folder. The folder's name
    depends on the content of the file: a file that moves is not converted again, one that changes is.

    Args:
        file: the GGUF file.
        dtype: data type of the weights in the folder.

    Returns:
        The folder.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a GGUF file, or transformers cannot read it.
        ImportError: the package gguf is missing.
    """
    folder = cache_folder() / "gguf" / f"{file.stem}-{digest_of(file)}-{str(dtype).removeprefix('torch.')}"
    # processes that start together wait here, and all but the first then find the folder
    with locked(folder):
        if not (folder / "config.json").exists():
            with written(folder) as unfinished:
                model, tokenizer = read_gguf(file, dtype)
                model.save_pretrained(unfinished)
                tokenizer.save_pretrained(unfinished)
    return folder


def digest_of(file: Path) -> str:
    """Return a short hash of the content of a GGUF file; raises as `converted` does."""
    if not file.is_file():
        raise FileNotFoundError(f"{file}: no such GGUF file")
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ValueError(f"{file} is not a GGUF file (it does not begin with 'GGUF'); download it again")
        stream.seek(0)
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def read_gguf(file: Path, dtype: torch.dtype) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Read the model of a GGUF file, with dequantized weights, and its tokenizer; raises as `converted` does."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=dtype)
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    except ImportError as error:
        raise ImportError(f"{file}: reading GGUF needs the package gguf; {install('local')}") from error
    except (ArithmeticError, EOFError, LookupError, RuntimeError, ValueError, struct.error) as error:  # a damaged file
        text = f"{file}: transformers cannot read this GGUF file ({error}); it may be incomplete: download it again"
        raise ValueError(text) from error
    _forget_gguf(model)
    return model, tokenizer


def _forget_gguf(model: torch.nn.Module) -> None:
    """Remove the marks of quantization, with which transformers refuses to save the model. Its weights are plain tensors."""
    model.hf_quantizer = None  # type: ignore[assignment]
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
