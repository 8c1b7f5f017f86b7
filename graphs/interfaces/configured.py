"""Build a graph from plain values, as a logged MLflow model stores them: names of models, texts of prompts, options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.graph.state import CompiledStateGraph

from ...models.load import load_chat_model
from ...prompts import PromptSet
from ..build import build_graph
from ..methods import method_named


def configured_graph(config: Mapping[str, Any]) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Load the models that a configuration names, and build its graph.

    Args:
        config: `method`, `student`, `teacher` ("self" for the student) and `prompts` (see `PromptSet.from_values`);
            optionally `student_options` for `load_chat_model` and `options` for `build_graph`.

    Raises:
        KeyError: a key is missing. Also what `load_chat_model` and `build_graph` raise.
    """
    student = load_chat_model(config["student"], **(config.get("student_options") or {}))
    teacher = None
    if method_named(config["method"]).taught:
        teacher = config["teacher"] if config["teacher"] == "self" else load_chat_model(config["teacher"])
    prompts = PromptSet.from_values(config["prompts"])
    return build_graph(config["method"], student=student, teacher=teacher, prompts=prompts, **(config.get("options") or {}))
