"""Find an MLflow experiment by name, or create it: `find_or_create`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import TrackingUnavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient


def find_or_create(client: MlflowClient, name: str, shown: str) -> str:
    """Return the id of an experiment; create it if needed.

    Args:
        client: MLflow's client for the store.
        name: name of the experiment.
        shown: address of the store for messages, without secrets.

    Raises:
        TrackingUnavailable: the experiment was deleted, or the store is unreachable.
    """
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_experiment_by_name(name)
        if found is None:
            return _create(client, name)
    except MlflowException as error:
        raise TrackingUnavailable(f"the tracking store {shown} cannot be used: {error}") from error
    if found.lifecycle_stage == "deleted":
        raise TrackingUnavailable(
            f"the experiment {name!r} is deleted; restore it with: mlflow experiments restore -x {found.experiment_id}, "
            "or choose another name"
        )
    return found.experiment_id


def _create(client: MlflowClient, name: str) -> str:
    from mlflow.exceptions import MlflowException

    try:
        # MLflow's UI shows the pages for traces.
        return client.create_experiment(name, tags={"mlflow.experimentKind": "genai_development"})
    except MlflowException:  # another process may have created it at the same moment
        again = client.get_experiment_by_name(name)
        if again is None:
            raise
        return again.experiment_id
