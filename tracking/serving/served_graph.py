"""The script of a logged model: builds the configured graph and answers with it. Run by MLflow, never imported here."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

_INPUTS = ("question", "reference", "problem_id", "domain")
_OUTPUTS = ("answer", "status", "steps", "solution")


class GraphModel(PythonModel):
    """A graph behind MLflow's model interface: one row per problem."""

    def load_context(self, context: Any) -> None:
        """Build the graph from the model's configuration; recorded steps are stored with the model."""
        config = dict(context.model_config)
        stored = {role: _stored(role, context) for role in ("teacher", "student")}
        self.graph = resolve_name(config["build"])(config | stored)

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> list[dict[str, Any]]:
        """Solve each problem. A problem that fails has an `error`; the others are not affected.

        Args:
            context: MLflow's context; not used.
            model_input: data frame with the columns `question` and optionally `reference`, `problem_id`, `domain`.
            params: not used.
        """
        # pandas fills missing cells with NaN, which is not a string.
        problems = [
            {key: row[key] for key in _INPUTS if isinstance(row.get(key), str)} for row in model_input.to_dict("records")
        ]
        results = self.graph.batch(problems, {"max_concurrency": 16}, return_exceptions=True)
        return [
            {"error": f"{type(result).__name__}: {result}"} if isinstance(result, Exception) else _answer(result)
            for result in results
        ]


def _answer(result: dict[str, Any]) -> dict[str, Any]:
    """Return what is served of a graph's output, with `program_error`: "" for a program that gave a value, None without one."""
    program = result.get("program")
    return {key: result.get(key) for key in _OUTPUTS} | {"program_error": program["error"] if program else None}


def _stored(role: str, context: Any) -> str:
    """Return the name of a model; for a recording, with the path of the copy in the logged model."""
    spec = context.model_config[role]
    if role not in context.artifacts:
        return spec
    _, mark, teacher = spec.partition("#")
    return f"recorded:{context.artifacts[role]}{mark}{teacher}"


set_model(GraphModel())
