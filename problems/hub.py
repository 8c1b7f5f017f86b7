"""Read problem sets from the Hugging Face hub with the package `datasets`. Start at `read_hub`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..foundation.commands import install
from .files import Row

SETS: dict[str, tuple[str, str | None]] = {
    "gsm8k": ("openai/gsm8k", "main"),
    "math": ("HuggingFaceH4/MATH-500", None),
}
"""Hub id and configuration of the sets that have a short name."""

_CHECK_S = 5.0  # seconds for the hub to answer


def read_hub(hub_id: str, config: str | None, split: str) -> Iterator[Row]:
    """Yield the rows of a data set.

    Raises:
        ImportError: `datasets` is not installed.
        ConnectionError: the hub is unreachable and the set is not in the cache.
        ValueError: there is no such data set, configuration or split.
    """
    try:
        import datasets
    except ImportError as error:
        raise ImportError(f"the data set {hub_id!r} needs `datasets`: {install('datasets')}") from error
    try:
        with _cache_only_if_away():
            rows: Any = datasets.load_dataset(hub_id, config, split=split)
    except Exception as error:
        raise _explained(hub_id, error) from error
    for number, row in enumerate(rows, 1):
        yield f"row {number}", row


@contextmanager
def _cache_only_if_away() -> Iterator[None]:
    """Use only the cache if the hub does not answer. `datasets` itself would retry for about 25 seconds first."""
    import datasets
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        yield
        return
    try:
        get_session().head(constants.ENDPOINT, timeout=_CHECK_S)
    except Exception:
        # Both libraries read the variable once, at import, so their copies are changed.
        modules: list[Any] = [datasets.config, constants]
        for module in modules:
            module.HF_HUB_OFFLINE = True
        try:
            yield
        finally:
            for module in modules:
                module.HF_HUB_OFFLINE = False
    else:
        yield


def _explained(hub_id: str, error: Exception) -> Exception:
    """Return an error that says whether the data set does not exist or the hub is unreachable."""
    names = {type(cause).__name__ for cause in _causes(error)}
    # By name, since the exceptions come from requests, httpx, huggingface_hub and datasets.
    away = {
        "ConnectionError",
        "ConnectError",
        "OfflineModeIsEnabled",
        "LocalEntryNotFoundError",
        "ConnectTimeout",
        "ProxyError",
    }
    if names & away or "reach" in str(error).lower():
        return ConnectionError(
            f"data set {hub_id!r}: the Hugging Face hub is unreachable and the cache has no copy; "
            f"go online once, or give a local file (.jsonl, .csv, .parquet) instead ({error})"
        )
    return ValueError(f"data set {hub_id!r} cannot be loaded: {error}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything that caused it; `datasets` wraps network errors several times."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__
