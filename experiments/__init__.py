"""Experiments: cells of methods, teachers and students over problem sets, a journal that survives, statistics, reports."""

from importlib import import_module
from typing import Any

_HOMES = {
    "Cell": "cells",
    "ExperimentConfig": "config",
    "Journal": "journal",
    "ModelConfig": "config",
    "Outcome": "runner",
    "ProblemsConfig": "config",
    "load_config": "config_file",
    "publish": "publishing",
    "run_experiment": "runner",
    "summarise": "summary",
    "unpublished": "journal",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a name from its module when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
