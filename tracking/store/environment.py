"""MLflow's settings that must hold before its first span. What the user has set stays as it is."""

from __future__ import annotations

import logging
import os

_ALWAYS = {
    "MLFLOW_TRACE_BUFFER_MAX_SIZE": "1000000",
    "MLFLOW_TRACE_BUFFER_TTL_SECONDS": "2592000",
    "MLFLOW_MODEL_CATALOG_URI": "",
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_SPAN_BATCH_SIZE": "512",
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_INTERVAL_MILLIS": "2000",
    "MLFLOW_ASYNC_TRACE_LOGGING_MAX_QUEUE_SIZE": "20000",
}
"""The first two: MLflow forgets open traces beyond 1,000 and after an hour. The third: it fetches price lists from the internet
at the first priced span. The others matter for spans that nest in an application's own trace: its queue drops in bursts."""

_ALONE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def apply_settings(*, fail_fast: bool) -> None:
    """Set what is not set yet.

    Args:
        fail_fast: also let requests to a dead server end after seconds instead of minutes, and print no links; right for a
            process whose only use of MLflow is ours, since what cannot be sent is kept.
    """
    for name, value in {**_ALWAYS, **(_ALONE if fail_fast else {})}.items():
        os.environ.setdefault(name, value)
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # what it logs is raised, too, and said by us
    for chatty in (
        "mlflow.store.model_registry.abstract_store",
        "alembic",
        "alembic.runtime.migration",
        "alembic.runtime.plugins",
    ):
        logging.getLogger(chatty).setLevel(logging.WARNING)
