"""Apply options of `tot run` to every model or problem set of the experiment, including those from a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from ..foundation.wording import nearest
from .shared_options import kept, pairs

if TYPE_CHECKING:
    from ..experiments.design.config import ExperimentConfig, ModelConfig

Model = TypeVar("Model", bound=BaseModel)


def with_model_options(
    config: ExperimentConfig,
    *,
    remote: Mapping[str, Any],
    students: Mapping[str, Any],
    on_ray: Mapping[str, Any],
    prices: list[str] | None,
) -> ExperimentConfig:
    """Return a copy of the config with options applied to its models.

    Args:
        config: the experiment.
        remote: fields of `ModelConfig` for models behind a server; None means not given.
        students: fields of `ModelConfig` for all students.
        on_ray: fields of `ModelConfig` for students that are local models.
        prices: `MODEL=IN/OUT`, by the model's full name or its name in tables.

    Raises:
        typer.BadParameter: a value is out of range, or a price names a model that the experiment lacks.
    """
    known = dict(_price(text) for text in prices or [])
    names = {name for model in (*config.teachers, *config.students) for name in (model.model, model.label)}
    for name in known:
        if name not in names:
            raise typer.BadParameter(
                f"the experiment has no model {name!r}{nearest(name, names)}; its models are {', '.join(sorted(names))}",
                param_hint="--price",
            )

    def given(model: ModelConfig, own: Mapping[str, Any]) -> ModelConfig:
        price = known.get(model.model) or known.get(model.label)
        return _changed(model, {**({} if model.local else remote), **own, "price": price})

    replicated = kept(**on_ray)
    if replicated and not any(model.model.startswith("hf:") for model in config.students):
        raise typer.BadParameter("--replicas and --ray are for local students (hf:); for servers, repeat --base-url")
    taught = [given(model, {}) for model in config.teachers]
    solved = [given(model, {**students, **(replicated if model.model.startswith("hf:") else {})}) for model in config.students]
    return config.model_copy(update={"teachers": tuple(taught), "students": tuple(solved)})


def with_problem_options(config: ExperimentConfig, *, columns: list[str] | None, split: str | None) -> ExperimentConfig:
    """Return a copy of the config with column names and a split applied to all problem sets."""
    named = {name: str(value) for text in columns or [] for name, value in pairs(text, "--columns").items()}
    sets = [_changed(problems, {"columns": named or None, "split": split}) for problems in config.problems]
    return config.model_copy(update={"problems": tuple(sets)})


def _changed(model: Model, fields: Mapping[str, Any]) -> Model:
    """Return a validated copy with the given fields replaced."""
    # Only fields that were set: defaults must not count as given.
    own = {name: getattr(model, name) for name in model.model_fields_set}
    try:
        return type(model).model_validate({**own, **kept(**fields)})
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        raise typer.BadParameter("; ".join(said)) from None


def _price(text: str) -> tuple[str, dict[str, float]]:
    """Parse "MODEL=IN/OUT". The model may contain "=", so the last one separates the price."""
    model, _, amounts = text.rpartition("=")
    try:
        used, made = (float(amount) for amount in amounts.split("/"))
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not MODEL=IN/OUT, such as openai:gpt-4.1-mini=0.4/1.6", param_hint="--price"
        ) from error
    return model, {"input": used, "output": made}
