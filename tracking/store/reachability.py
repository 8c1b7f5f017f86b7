"""Check a tracking store before anything is sent there: does the server answer, can the database be written?"""

from __future__ import annotations

from .errors import TrackingUnavailable
from .store_address import LOCAL, unwritable_file

_CHECK_S = 5.0
"""Seconds in which a server must answer. MLflow's own client retries for minutes."""

_DAMAGED = "its file is damaged: move it away, and a new one is made; tot report writes the results of a journal into it"
# Words in a database's error message, and what to do about it.
_ADVICE_BY_SIGN = {
    "malformed": _DAMAGED,
    "not a database": _DAMAGED,
    "locked": "another program holds it: close that program, or name another store with --tracking-uri",
    "disk is full": "free disk space, or name another store with --tracking-uri",
}


def check_answers(uri: str, shown: str) -> None:
    """Check that a server answers. A database always passes.

    Args:
        uri: address of the store.
        shown: the same for messages, without secrets.

    Raises:
        TrackingUnavailable: it does not answer within 5 seconds, or with a status of 500 or more.
    """
    if not uri.startswith(("http://", "https://")):
        return
    import requests

    try:
        # /health needs no login, so a status below 500 means that the server is there.
        status = requests.get(f"{uri.rstrip('/')}/health", timeout=_CHECK_S).status_code
    except requests.RequestException as error:
        raise TrackingUnavailable(_away(shown, type(error).__name__)) from None
    if status >= 500:
        raise TrackingUnavailable(_away(shown, f"HTTP {status}"))


def check_file(uri: str, shown: str) -> None:
    """Check that an address is not a folder, and that a local database can be written.

    Args:
        uri: address of the store.
        shown: the same for messages, without secrets.

    Raises:
        TrackingUnavailable: MLflow could not write traces there.
    """
    if "://" not in uri or uri.startswith("file:"):
        raise TrackingUnavailable(
            f"the tracking store {shown} is a folder, and MLflow keeps no traces in folders; use {LOCAL} "
            "(or unset MLFLOW_TRACKING_URI), or move it with: mlflow migrate-filestore"
        )
    if (unwritable := unwritable_file(uri)) is not None:
        # MLflow would retry what cannot succeed; its own error came after 145 s.
        raise TrackingUnavailable(
            f"the tracking store {shown} cannot be used: {unwritable} is not writable; name another database with "
            "--tracking-uri sqlite:////FOLDER/mlflow.db, or leave tracking out with --no-tracking"
        )


def _away(uri: str, reason: str) -> str:
    return f"no MLflow server answers at {uri} ({reason})"


def advice(reason: str) -> str:
    """Return what to do about a store that cannot be used for this reason; empty if there is no advice."""
    return next((words for sign, words in _ADVICE_BY_SIGN.items() if sign in reason), "")
