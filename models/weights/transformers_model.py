"""Load a causal language model and its tokenizer with transformers, with errors that say what to do. The door is `load`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from .gguf_folder import converted


def load(
    model_id: str,
    *,
    dtype: str | torch.dtype | None = None,
    device: str | torch.device | int | None = None,
    attn_implementation: str | None = None,
    quantization_config: Any = None,
    **model_options: Any,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model ready to generate, and its tokenizer.

    Args:
        model_id: hub id, folder, or path of a `.gguf` file.
        dtype: data type of the weights, such as `"float32"`, `"bfloat16"` or `"auto"`. Default: float32 on a CPU (bfloat16 is
            slow on CPUs without instructions for it), otherwise as saved.
        device: `"cpu"`, `"cuda"`, `"cuda:1"`, or `"auto"` to let accelerate spread the model. Default: an accelerator if there
            is one, else the CPU.
        attn_implementation: as for transformers.
        quantization_config: as for transformers (bitsandbytes, torchao, ...).
        model_options: further options of `AutoModelForCausalLM.from_pretrained`, such as `revision` or `trust_remote_code`.

    Raises:
        FileNotFoundError: there is no such folder, file or hub id.
        ConnectionError: the hub is unreachable and the model is not in the cache.
        MemoryError: the model does not fit into memory.
        ValueError: an option does not apply, or transformers cannot read this kind of model or file.
    """
    placed = _resolve_device(device)
    chosen = _resolve_dtype(dtype, placed)
    source = _source(model_id, chosen)
    # without this, transformers asks on the terminal whether to run a model's own code, and standard input may hold a "y"
    given = {"trust_remote_code": False, **model_options}
    options = {name: value for name, value in given.items() if value is not None}
    # those that the tokenizer takes as well
    shared = {name: options[name] for name in ("revision", "token", "cache_dir", "trust_remote_code") if name in options}
    if attn_implementation is not None:
        options["attn_implementation"] = attn_implementation
    if quantization_config is not None:
        options["quantization_config"] = quantization_config
    with explained(model_id):
        tokenizer = AutoTokenizer.from_pretrained(source, **shared)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=chosen, device_map=placed, **options)
    return model.eval(), tokenizer


def _resolve_device(device: str | torch.device | int | None) -> str:
    if device is None:
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        return accelerator.type if accelerator else "cpu"
    if device == -1:  # how pipelines of transformers name the CPU
        return "cpu"
    name = f"cuda:{device}" if isinstance(device, int) else str(device)
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"device={name!r}: torch sees no CUDA device here; use device='cpu', or install a CUDA build of torch")
    return name


def _resolve_dtype(dtype: str | torch.dtype | None, device: str) -> str | torch.dtype:
    if isinstance(dtype, torch.dtype):
        return dtype
    if dtype is None:
        return torch.float32 if device == "cpu" else "auto"
    if dtype == "auto":
        return dtype
    found = getattr(torch, dtype, None)
    if not isinstance(found, torch.dtype):
        raise ValueError(f"dtype={dtype!r} is no dtype of torch; use 'float32', 'bfloat16', 'float16' or 'auto'")
    return found


def _source(model_id: str, dtype: str | torch.dtype) -> str:
    """Return the folder or hub id to load from; a GGUF file is converted to a folder first."""
    path = Path(model_id).expanduser()
    if path.suffix == ".gguf":
        # "auto" names no type for the conversion, which dequantizes to one
        return str(converted(path.resolve(), torch.bfloat16 if isinstance(dtype, str) else dtype))
    return source_of(model_id)


def source_of(model_id: str) -> str:
    """Return the folder or hub id that a model's name stands for. Asks no server.

    Raises:
        FileNotFoundError: the folder is missing or holds no model, or the name cannot be a hub id.
        ValueError: it is a file, but no GGUF file.
    """
    path = Path(model_id).expanduser()
    if path.is_dir():
        if not (path / "config.json").exists():
            raise FileNotFoundError(f"model folder {model_id!r} has no config.json; give the folder that holds it")
        return str(path)
    if path.suffix == ".gguf" and not path.is_file():
        raise FileNotFoundError(f"{path}: no such GGUF file; check the path")
    if path.is_file():
        raise ValueError(f"model file {model_id!r}: only .gguf files can be loaded; give a folder or a hub id otherwise")
    if model_id.count("/") > 1 or model_id.startswith((".", "/", "~")):
        raise FileNotFoundError(f"model {model_id!r}: no such folder; a hub id looks like 'Qwen/Qwen3-0.6B'")
    return model_id


@contextmanager
def explained(model_id: str) -> Iterator[None]:
    """Replace the errors of loading, while the block runs, by errors that name the model and the fix."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _too_large(model_id, error) from error
    except RuntimeError as error:
        # torch has no error class for the CPU's memory
        if "memory" not in str(error):
            raise
        raise _too_large(model_id, error) from error
    except OSError as error:
        raise _not_found(model_id, error) from error


def _too_large(model_id: str, error: BaseException) -> MemoryError:
    return MemoryError(
        f"no memory for the model {model_id!r} ({error}); use a smaller one, dtype='bfloat16', "
        "or a quantization_config (bitsandbytes, torchao)"
    )


def _not_found(model_id: str, error: OSError) -> OSError:
    """Return an error that tells a model that does not exist from a hub that is unreachable."""
    if isinstance(error, FileNotFoundError) and error.errno is None:  # raised by this package: it says what to do already
        return error
    # transformers wraps the hub's errors; by name, since their classes come from several packages and releases
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    names = {type(cause).__name__ for cause in causes}
    if names & {"RepositoryNotFoundError", "GatedRepoError", "RevisionNotFoundError"}:
        return FileNotFoundError(
            f"model {model_id!r} is not on the Hugging Face hub, or not open to you; check the name, "
            f"or log in with `hf auth login` and accept the model's terms ({error})"
        )
    if names & {"LocalEntryNotFoundError", "ConnectError", "ConnectionError", "ConnectTimeout", "OfflineModeIsEnabled"}:
        return ConnectionError(
            f"model {model_id!r} is not in the local cache and the Hugging Face hub is out of reach; "
            f"go online once, or give a folder or a .gguf file instead ({error})"
        )
    return FileNotFoundError(f"model {model_id!r} cannot be loaded: {error}")
