"""Addresses of tracking stores."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote

LOCAL = "sqlite:///mlflow.db"
"""MLflow's own default: a file in the current folder, which a plain `mlflow ui` there shows."""


def default_uri() -> str:
    """Return the address that MLflow would use; where it is not imported yet, without importing it for that."""
    if "mlflow" not in sys.modules and (given := os.environ.get("MLFLOW_TRACKING_URI")):
        return given
    import mlflow

    uri = mlflow.get_tracking_uri()
    # MLflow's default names a folder with a space as `a%20b` and makes another one; its UI looks into `a b`
    return LOCAL if unquote(uri) == absolute(LOCAL) else uri


def absolute(uri: str) -> str:
    """Return a relative sqlite address with its full path, so that it means the same from every folder."""
    relative = re.fullmatch(r"sqlite:///(?!/)(.+)", uri)
    return f"sqlite:///{Path(relative[1]).resolve()}" if relative else uri


def without_user(uri: str) -> str:
    """Return an address without user and password."""
    return re.sub(r"(?<=://)[^/@]*@", "", uri)
