"""Load a causal language model and its tokenizer from a hub id, a folder or a GGUF file, with errors that say what to do."""

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
        dtype: of the weights, as `"float32"`, `"bfloat16"` or `"auto"`; by default float32 on a CPU (bfloat16 is
            slow on those without instructions for it), else what the model was saved in.
        device: `"cpu"`, `"cuda"`, `"cuda:1"`, or `"auto"` to spread the model by accelerate; by default an
            accelerator if there is one.
        attn_implementation: as transformers takes it.
        quantization_config: of bitsandbytes, torchao, ..., as transformers takes it.
        model_options: further options of `AutoModelForCausalLM.from_pretrained`, as `revision` or `trust_remote_code`.

    Raises:
        FileNotFoundError: no such folder, file or hub id.
        ConnectionError: the hub is out of reach and the model is not in its cache.
        MemoryError: the model does not fit.
        ValueError: it has no chat template, or is of a kind that cannot be served.
    """
    placed = _resolve_device(device)
    chosen = _resolve_dtype(dtype, placed)
    source = _source(model_id, chosen)
    # unless it is told, transformers asks on the terminal whether to run a model's own code, and standard input may say yes
    given = {"trust_remote_code": False, **model_options}
    options = {name: value for name, value in given.items() if value is not None}
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
    if device == -1:
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
    path = Path(model_id).expanduser()
    if path.suffix == ".gguf":
        return str(converted(path.resolve(), torch.bfloat16 if isinstance(dtype, str) else dtype))
    return source_of(model_id)


def source_of(model_id: str) -> str:
    """Return the folder or hub id; raises where it can be neither."""
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
    """Turn the loaders' errors into ones that name the model and the way out."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _too_large(model_id, error) from error
    except RuntimeError as error:
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
    """Tell an id that does not exist from a hub that cannot be asked."""
    if isinstance(error, FileNotFoundError) and error.errno is None:  # said by us already
        return error
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
