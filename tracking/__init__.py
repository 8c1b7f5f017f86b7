"""Everything that knows MLflow. Importing this package imports neither mlflow nor langchain."""

from importlib import import_module
from typing import Any

_HOMES = {
    "CellRecord": "records",
    "DatasetRecord": "records",
    "ExperimentRecord": "records",
    "OpenRuns": "runs",
    "PromptRecord": "records",
    "Store": "store",
    "TraceHandler": "handler",
    "TrackingUnavailable": "errors",
    "code_version": "provenance",
    "connect": "store",
    "exit_on_sigterm": "signals",
    "home": "folders",
    "log_model": "model",
    "open_runs": "runs",
    "override_verdicts": "rescore",
    "process_handler": "context",
    "publish": "runs",
    "trace_id": "tracer",
    "traced": "context",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a name from its module when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
