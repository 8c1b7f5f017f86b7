"""Check a tracking store before anything is sent there: does the server answer, can the database be written?"""

from __future__ import annotations

from .addresses import LOCAL, unwritable_file
from .errors import TrackingUnavailable

_CHECK_S = 5.0
"""Seconds in which a server must answer. MLflow's own client retries for minutes."""


def check_answers(uri: str, shown: str) -> None:
    """Check that a server answers. A database always passes.

    Args:
        uri: address of the store.
        shown: the same for messages, without secrets.

    Raises:
        TrackingUnavailable: it does not answer within 5 seconds, or with an error of its own.
    """
    if not uri.startswith(("http://", "https://")):
        return
    import requests

    try:
        # /health needs no login
        status = requests.get(f"{uri.rstrip('/')}/health", timeout=_CHECK_S).status_code
    except requests.RequestException as error:
        raise TrackingUnavailable(_away(shown, type(error).__name__)) from None
    if status >= 500:
        raise TrackingUnavailable(_away(shown, f"HTTP {status}"))


def check_file(uri: str, shown: str) -> None:
    """Check that an address is no folder, and that a local database can be written.

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
        # MLflow retries what cannot succeed: its own error came after 145 s
        raise TrackingUnavailable(
            f"the tracking store {shown} cannot be used: {unwritable} is not writable; name another database with "
            "--tracking-uri sqlite:////FOLDER/mlflow.db, or leave tracking out with --no-tracking"
        )


def _away(uri: str, reason: str) -> str:
    return f"no MLflow server answers at {uri} ({reason})"
