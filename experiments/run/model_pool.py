"""The chat models of an experiment: `ModelPool`. Each is loaded once and released when no further cell needs it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from langchain_core.caches import BaseCache
from langchain_core.language_models import BaseChatModel

from ...graphs.methods import teacher_prompts
from ...models.load import load_chat_model
from ...models.recorded import RecordedTeacher, Role
from ...models.replicas.cluster import check_ray
from ...models.replicas.places import Place, places_of
from ...models.replicas.replicated import ReplicatedChatModel
from ...models.weights.find_model import check_found
from ...problems import ProblemSet
from ..design.cells import Cell
from ..design.config import ModelConfig
from ..design.plan import Plan


class ModelPool:
    """Loads chat models by configuration and keeps them while they are needed."""

    def __init__(self, given: Mapping[str, BaseChatModel] | None = None) -> None:
        """Create a pool.

        Args:
            given: models that are already loaded, by their `model` in the configuration. They are used instead of loading.
        """
        self._given = dict(given or {})
        self._loaded: dict[str, BaseChatModel] = {}

    def check(self, config: ModelConfig) -> None:
        """Raise an error if a model cannot be loaded. Remote models are created; local ones are only looked for, which is fast.

        Raises:
            ValueError, FileNotFoundError, ImportError, ConnectionError: as `load_chat_model` does.
        """
        if config.model == "self" or config.model in self._given:
            return
        if config.on_ray:
            check_ray()
        if config.model.startswith("hf:"):
            if not config.ray:  # a folder may be on the nodes only
                check_found(config.model.removeprefix("hf:"))
        else:
            self.get(config)

    def check_all(self, plan: Plan) -> None:
        """Check the models of a plan; raises as `check` and `check_recorded` do."""
        for cell in plan.cells:
            for model in filter(None, (cell.student, cell.teacher)):
                self.check(model)
            self.check_recorded(cell, plan.sets[cell.problems])

    def check_recorded(self, cell: Cell, problems: ProblemSet) -> None:
        """Raise an error if a recorded model of a cell knows none of its problems.

        Raises:
            LookupError: nothing is recorded for any problem, or no solution where the mode or a rung asks for the teacher's.
        """
        # a recorded teacher that is asked for steps gives what it has
        kind = "solution" if cell.teacher and "solution" in teacher_prompts(cell.mode) else None
        roles: list[tuple[Role, ModelConfig | None, str | None]] = [
            ("student", cell.student, None),
            ("teacher", cell.teacher, kind),
        ]
        for role, model, wanted in roles:
            if model and model.model.startswith("recorded:") and isinstance(loaded := self.get(model), RecordedTeacher):
                loaded.check_questions([problem.question for problem in problems], role, wanted)

    def get(self, config: ModelConfig) -> BaseChatModel:
        """Return the model of a configuration; it is loaded at the first call."""
        if config.model in self._given:
            return self._given[config.model]
        key = model_key(config)
        if key not in self._loaded:
            self._loaded[key] = _load(config)
        return self._loaded[key]

    def student(self, config: ModelConfig, seed: int | None = None) -> BaseChatModel:
        """Return a student. With a seed it is a copy with this seed, which shares the weights of the loaded model."""
        model = self.get(config)
        # some models have no seed; they sample without one
        if seed is None or "seed" not in type(model).model_fields:
            return model
        return model.model_copy(update={"seed": seed})

    def teacher(self, config: ModelConfig, student: ModelConfig, cache: BaseCache | None) -> BaseChatModel:
        """Return a teacher that reads and writes its replies through a cache. "self" is the student."""
        model = self.get(student if config.model == "self" else config)
        # a copy, so that the same model as a student does not use the cache
        return model.model_copy(update={"cache": cache}) if cache is not None else model

    def facts(self, cell: Cell) -> dict[str, Any]:
        """Return how a cell's models were loaded (`student_dtype`, `teacher_engine`, ...), for models that report it."""
        models = {"student": self.get(cell.student)}
        if cell.teacher:
            models["teacher"] = self.teacher(cell.teacher, cell.student, None)
        told = {role: getattr(model, "facts", {}) for role, model in models.items()}
        return {f"{role}_{name}": value for role, facts in told.items() for name, value in facts.items()}

    def keep_only(self, configs: list[ModelConfig]) -> None:
        """Release all models except those of these configurations, and stop their replicas."""
        needed = {model_key(config) for config in configs}
        for key in self._loaded.keys() - needed:
            # a model in this process is freed with its last reference
            model = self._loaded.pop(key)
            if isinstance(model, ReplicatedChatModel):
                model.close()

    def close(self) -> None:
        """Release all loaded models."""
        self.keep_only([])

    def places(self) -> dict[str, list[Place]]:
        """Return the replicas or servers of each model that has several, by the model's name in tables."""
        named = [*self._given.items(), *((key.rpartition("-")[0], model) for key, model in self._loaded.items())]
        found: dict[str, list[Place]] = {}
        for name, model in named:
            if places := places_of(model):
                found.setdefault(name, []).extend(places)
        return found


def model_key(config: ModelConfig) -> str:
    """Return the key of a model: its label and a hash of the fields that its replies depend on, such as "gpt-4-1f0c9a3e"."""
    text = json.dumps(config.identity, sort_keys=True, default=str)
    return f"{config.label}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _load(config: ModelConfig) -> BaseChatModel:
    given: dict[str, Any] = {"temperature": config.temperature, "max_tokens": config.max_tokens, **config.options}
    given |= config.on_ray
    # options of a connection, which local models do not know
    if not config.local:
        given |= {
            "base_url": config.base_url,
            "timeout": config.timeout,
            "max_retries": config.max_retries,
            "requests_per_second": config.requests_per_second,
        }
    # fields that were not set are left out, so that the model's own defaults apply
    return load_chat_model(config.model, **{name: value for name, value in given.items() if value is not None})
