"""Addresses (URIs) of tracking stores."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote

LOCAL = "sqlite:///mlflow.db"
"""MLflow's own default: a file in the current folder, which `mlflow ui` shows without further options."""


def default_uri() -> str:
    """Return the address that MLflow would use, without importing MLflow if the environment names it."""
    if "mlflow" not in sys.modules and (given := os.environ.get("MLFLOW_TRACKING_URI")):
        return given
    import mlflow

    uri = mlflow.get_tracking_uri()
    # MLflow percent-encodes its default: for a folder `a b` it would create `a%20b`, but its UI reads `a b`.
    return LOCAL if unquote(uri) == absolute(LOCAL) else uri


def absolute(uri: str) -> str:
    """Return a relative SQLite address with its full path, so that it means the same from every folder."""
    relative = re.fullmatch(r"sqlite:///(?!/)(.+)", uri)
    return f"sqlite:///{Path(relative[1]).resolve()}" if relative else uri


def without_user(uri: str) -> str:
    """Return an address without user and password."""
    return re.sub(r"(?<=://)[^/@]*@", "", uri)


def unwritable_file(uri: str) -> Path | None:
    """Return the file or folder that keeps a local database from being written, None if nothing does."""
    found = re.fullmatch(r"sqlite:////([^?]+)", uri)
    if found is None:
        return None
    path = Path("/", found[1])
    # SQLite also needs the folder: it puts its journal beside the database
    return next((place for place in (path, path.parent) if place.exists() and not os.access(place, os.W_OK)), None)
