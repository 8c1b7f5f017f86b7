"""Defaults for MLflow's environment variables, set before its first span. Variables that the user has set are kept."""

from __future__ import annotations

import logging
import os

_ALWAYS = {
    # By default MLflow silently drops open traces beyond 1,000, and any that is open for an hour.
    "MLFLOW_TRACE_BUFFER_MAX_SIZE": "1000000",
    "MLFLOW_TRACE_BUFFER_TTL_SECONDS": "2592000",
    # By default MLflow downloads price lists from the internet at the first span that has a price.
    "MLFLOW_MODEL_CATALOG_URI": "",
    # For spans that nest in an application's own trace, which MLflow sends itself: its queue drops spans in bursts.
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_SPAN_BATCH_SIZE": "512",
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_INTERVAL_MILLIS": "2000",
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_QUEUE_SIZE": "20000",
}
"""Settings for every process that traces."""

_ALONE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Further settings for processes that use MLflow only through us, such as the commands."""


def apply_settings(*, fail_fast: bool) -> None:
    """Set the variables that are not set yet, and silence loggers of MLflow that repeat what this project reports.

    Args:
        fail_fast: also make requests to a dead server fail after seconds instead of minutes, and print no links. Use it only
            if no other code uses MLflow: our traces stay on disk when they cannot be sent, but other data would be lost.
    """
    for name, value in {**_ALWAYS, **(_ALONE if fail_fast else {})}.items():
        os.environ.setdefault(name, value)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # it logs what it also raises, and we report that
    for chatty in (
        "mlflow.store.model_registry.abstract_store",
        "alembic",
        "alembic.runtime.migration",
        "alembic.runtime.plugins",
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)
