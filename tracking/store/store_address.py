"""Addresses (URIs) of tracking stores."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote

LOCAL = "sqlite:///mlflow.db"
"""MLflow's own default: a file in the current folder, which `mlflow ui` opens without further options."""


def default_uri() -> str:
    """Return the address that MLflow would use; MLflow is not imported if the environment variable is set."""
    # If MLflow is imported, the application may have called `set_tracking_uri`, which goes before the variable.
    if "mlflow" not in sys.modules and (given := os.environ.get("MLFLOW_TRACKING_URI")):
        return given
    import mlflow

    uri = mlflow.get_tracking_uri()
    # MLflow percent-encodes its default: for a folder `a b` it would create `a%20b`, but its UI reads `a b`.
    return LOCAL if unquote(uri) == absolute(LOCAL) else uri


def is_server(uri: str) -> bool:
    """Return whether an address is that of a server, not of a database."""
    return uri.startswith(("http://", "https://"))


def absolute(uri: str) -> str:
    """Return a relative SQLite address with its full path, so that it means the same from every folder."""
    # Three slashes: a relative path; four: an absolute one.
    relative = re.fullmatch(r"sqlite:///(?!/)(.+)", uri)
    return f"sqlite:///{Path(relative[1]).resolve()}" if relative else uri


def misread_folder(uri: str) -> Path | None:
    """Return the current folder if a database lies in it and its name means something else in an address; None if all is well.

    MLflow cannot take such a folder in any form: "?" begins the options of an address, "%41" is read as "A", and for a quoted
    path MLflow makes a folder of the quoted name.
    """
    folder = Path.cwd()
    lies_here = uri.startswith((LOCAL, f"sqlite:///{folder}{os.sep}"))
    return folder if lies_here and re.search(r"\?|%[0-9a-fA-F]{2}", str(folder)) else None


def without_user(uri: str) -> str:
    """Return an address without user and password."""
    return re.sub(r"(?<=://)[^/@]*@", "", uri)


def missing_file(uri: str) -> Path | None:
    """Return the file of a SQLite address if there is no such file yet, else None."""
    path = _file_of(uri)
    return None if path is None or path.exists() else path


def unwritable_file(uri: str) -> Path | None:
    """Return the file or folder that is not writable and so blocks a local database; None if there is none."""
    path = _file_of(uri)
    if path is None or not path.is_absolute():
        return None
    # SQLite also writes to the folder: it puts its journal beside the database.
    return next((place for place in (path, path.parent) if place.exists() and not os.access(place, os.W_OK)), None)


def _file_of(uri: str) -> Path | None:
    """Return the file of a SQLite address without its options; None for a database in memory or at a `file:` address."""
    found = re.match(r"sqlite(?:\+\w+)?:///(?!file:|:memory:)([^?]+)", uri)
    return Path(found[1]) if found else None
