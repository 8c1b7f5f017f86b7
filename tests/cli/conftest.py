"""`tot` in an empty folder."""

import shutil

import pytest
import typer
from typer.testing import CliRunner

from trace_of_thought.cli.app import app
from trace_of_thought.cli.errors import show_errors


@pytest.fixture
def tot(tmp_path, monkeypatch):
    """Run `tot` in an empty folder; returns exit code and output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "unused")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("TOT_HOME", raising=False)

    def run(*arguments):
        def whole():
            with show_errors():
                code = app(list(arguments), standalone_mode=False)
            raise typer.Exit(code or 0)

        shell = typer.Typer()
        shell.command()(whole)
        result = CliRunner().invoke(shell, [])
        return result.exit_code, result.output

    return run


@pytest.fixture
def store_here(tmp_path, empty_database):
    """Put MLflow's empty database where `tot` would make it: that takes seconds."""
    return shutil.copy(empty_database, tmp_path / "mlflow.db")
