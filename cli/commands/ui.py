"""`tot ui`: open the MLflow UI on this folder's database."""

from __future__ import annotations

import os
import socket
import sys
from typing import Annotated

import typer

from ...foundation.commands import program
from ...foundation.redaction import Redactor


def ui(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 5000,
    host: Annotated[str, typer.Option(help="Address to listen on. MLflow has no login: keep it on loopback.")] = "127.0.0.1",
    tracking_uri: Annotated[
        str | None, typer.Option(help="Database to show. Default: MLFLOW_TRACKING_URI, or mlflow.db in this folder.")
    ] = None,
) -> None:
    """Open the MLflow UI.

    Shows the runs and traces of this folder, or of another database with --tracking-uri.
    """
    from ...tracking.store.store_address import LOCAL, is_server, missing_file

    uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or LOCAL
    if is_server(uri):
        print(f"{Redactor().text(uri)} is already an MLflow server: open it in a browser")
        return
    if missing := missing_file(uri):
        raise FileNotFoundError(
            f"there is no {missing} yet; run `{program()} run` first, or name a database with --tracking-uri"
        )
    chosen = _free_port(host, port)
    print(f"MLflow UI: http://{host}:{chosen} (stop with Ctrl-C)", flush=True)
    # One worker: more would only use memory, for one user.
    words = ["mlflow", "ui", "--backend-store-uri", uri, "--host", host, "--port", str(chosen), "--workers", "1"]
    # MLflow's job execution would start ten more processes, which nothing here needs. The environment can override this.
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}
    # Replaces this process, so Ctrl-C reaches MLflow directly.
    os.execve(sys.executable, [sys.executable, "-m", *words], environment)  # nosec B606 # our own interpreter, no shell


def _free_port(host: str, port: int) -> int:
    """Return the port, or a free one for 0; raise before MLflow starts if the port is taken."""
    with socket.socket() as probe:
        # A port that was just closed can be used again at once.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another --port, or 0 for a free one"
            ) from error
        return int(probe.getsockname()[1])
