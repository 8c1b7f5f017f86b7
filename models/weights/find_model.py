"""Check that a local model exists, without loading it. The doors are `check_found` and `is_path`."""

from __future__ import annotations

from pathlib import Path


def is_path(name: str) -> bool:
    """Return whether a local model is a folder or file, not a hub id. A path that does not exist is never sent to the hub.

    Raises:
        FileNotFoundError: the name looks like a path, and there is no such folder or file.
    """
    if Path(name).expanduser().exists():
        return True
    if name.startswith((".", "/", "~")) or name.endswith(".gguf"):
        raise FileNotFoundError(f"model 'hf:{name}': no such file or folder; give a model folder, a .gguf file or a hub id")
    return False


def check_found(name: str) -> None:
    """Raise an error if there is no such local model.

    Args:
        name: hub id, folder or `.gguf` file. The hub is asked only for a model that is not in its cache.

    Raises:
        FileNotFoundError: there is no such folder, file or hub id.
        ConnectionError: the model is not in the cache, and the hub does not answer.
    """
    if is_path(name):
        return
    from huggingface_hub import file_exists, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        # a cached model needs no network
        found = bool(try_to_load_from_cache(name, "config.json")) or file_exists(name, "config.json")
    except HFValidationError as error:
        raise FileNotFoundError(
            f"model 'hf:{name}': no such folder, and a hub id looks like 'Qwen/Qwen3-0.6B'; check the name"
        ) from error
    except Exception as error:
        raise ConnectionError(
            f"model 'hf:{name}' is not in the local cache and the hub does not answer ({error}); "
            "check the name and the connection, or give a folder"
        ) from error
    if not found:
        raise FileNotFoundError(f"model 'hf:{name}' is not on the Hugging Face hub; check the name")
