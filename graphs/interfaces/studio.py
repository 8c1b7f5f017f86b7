"""Graph factories for the LangGraph server and Studio, which `langgraph.json` names.

The environment says which models the server offers. The context of a run chooses among them, and among no others.

| variable | meaning |
|---|---|
| `TOT_STUDENT` | the student, or several separated by commas; the first is the default |
| `TOT_TEACHER` | the teacher, or several; "self" is the student; default "recorded:sample" |
| `TOT_BASE_URL` | URL of an OpenAI-compatible server for remote models |
| `TOT_REVIEW` | graph with review: "always" (default) or "flagged"; chat: "never" by default |
| `TOT_TRACKING` | name of an MLflow experiment; every run becomes a trace there |
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from functools import cache
from threading import Lock
from typing import Annotated, Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from langgraph_sdk.runtime import ServerRuntime
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError, WithJsonSchema

from ...models.load import load_chat_model
from ...models.scripted import ScriptedChatModel
from ..baselines import build_baseline
from ..graph_options import mode_options
from ..methods import MODES, check_mode, method_named, method_names
from ..trace_of_thought import build_trace_of_thought
from .chat import as_chat

Graph = CompiledStateGraph[Any, Any, Any, Any]
Mode = Annotated[str, AfterValidator(check_mode), WithJsonSchema({"anyOf": [{"enum": list(MODES)}, {"pattern": " > "}]})]

logger = logging.getLogger(__name__)

_loading: dict[str, Lock] = {}
"""A lock for each model: a run whose model is loaded does not wait while another model loads."""


class RunContext(BaseModel):
    """What a run may choose. The environment gives the defaults."""

    model_config = ConfigDict(extra="forbid")

    student: str | None = Field(
        default=None, description="One of TOT_STUDENT, by the last part of its path; the first by default."
    )
    teacher: str | None = Field(
        default=None, description="One of TOT_TEACHER, by the last part of its path; the first by default."
    )
    prompts: Literal["default", "plain"] = Field(default="default", description="Prompt set.")
    mode: Mode = Field(default="joint", description="How the student uses the teacher: a mode, or a ladder.")
    shots: NonNegativeInt = Field(default=0, le=8, description="Number of few-shot examples shown before the question.")
    samples: PositiveInt = Field(default=1, le=64, description="Solutions per problem; the majority answer wins.")
    max_attempts: PositiveInt = Field(default=1, le=8, description="Maximum attempts per problem.")


async def trace_of_thought(runtime: ServerRuntime) -> Graph:
    """Return the graph of trace_of_thought: the teacher writes steps, the student follows them, the answer is verified."""
    # loading a model takes seconds and reads files, both of which the server's event loop forbids
    return await asyncio.to_thread(_taught, runtime, "never")


async def trace_of_thought_reviewed(runtime: ServerRuntime) -> Graph:
    """Return the same graph with a pause in which a reviewer approves, edits or rejects the steps."""
    review = os.environ.get("TOT_REVIEW", "always")
    if review not in ("always", "flagged"):
        raise ValueError(f"TOT_REVIEW={review!r} is unknown; use always or flagged")
    return await asyncio.to_thread(_taught, runtime, review)


async def chat(runtime: ServerRuntime) -> Graph:
    """Return the same graph for chat programs, with messages in and out; it pauses for a reviewer if TOT_REVIEW says so."""
    review = os.environ.get("TOT_REVIEW", "never")
    return as_chat(await asyncio.to_thread(_taught, runtime, review), context_schema=RunContext)


def _taught(runtime: ServerRuntime, review: Any) -> Graph:
    """Return a graph with a teacher for one run."""
    chosen, execution = _chosen(runtime)
    student = _model("TOT_STUDENT", chosen.student, "", execution)
    teacher = _model("TOT_TEACHER", chosen.teacher, "recorded:sample", execution)
    given: Any = chosen.model_dump(include={"prompts", "samples", "shots", "max_attempts"})
    options: dict[str, Any] = given | mode_options(chosen.mode)
    return _tracked(build_trace_of_thought(teacher, student, review=review, context_schema=RunContext, **options), execution)


def _untaught(runtime: ServerRuntime, method: str) -> Graph:
    """Return the graph of a method without a teacher for one run."""
    chosen, execution = _chosen(runtime)
    student = _model("TOT_STUDENT", chosen.student, "", execution)
    options: dict[str, Any] = chosen.model_dump(include={"prompts", "samples", "shots", "max_attempts"})
    return _tracked(build_baseline(method, student, context_schema=RunContext, **options), execution)


def _chosen(runtime: ServerRuntime) -> tuple[RunContext, bool]:
    """Return what the run chose, and whether there is a run at all: the server also builds graphs to draw them."""
    execution = runtime.execution_runtime
    given = (execution.context if execution else None) or {}
    if isinstance(given, RunContext):
        return given, True
    try:
        own = {name: value for name, value in dict(given).items() if not name.startswith("__")}  # the server adds its own keys
        return RunContext.model_validate(own), execution is not None
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        raise ValueError(
            f"the context of this run is wrong: {said}; it may hold {', '.join(RunContext.model_fields)}"
        ) from None


def _model(variable: str, chosen: str | None, default: str, execution: bool) -> BaseChatModel | Any:
    """Return the model that a run chose among those of an environment variable; an empty one where nothing is run."""
    specs = [spec.strip() for spec in os.environ.get(variable, default).split(",") if spec.strip()]
    offered = {_name(spec): spec for spec in specs}
    if not execution:
        return ScriptedChatModel(script=[])
    if not offered:
        example = f"{variable}=hf:HuggingFaceTB/SmolLM2-135M-Instruct"
        raise ValueError(f"{variable} is not set; set it in the server's environment, as in {example}")
    if chosen is not None and chosen not in offered:
        raise ValueError(f"{chosen!r} is not offered here; {variable} offers {', '.join(offered)}")
    spec = offered[chosen] if chosen else specs[0]
    return spec if spec == "self" else _loaded(spec)


def _name(spec: str) -> str:
    """Return a model's name for clients, without the folders of this machine."""
    return spec.rsplit("/", 1)[-1].removesuffix(".gguf")


def _loaded(spec: str) -> BaseChatModel:
    """Load a model, once even if several runs ask for it at the same time; `cache` alone would load it for each."""
    with _loading.setdefault(spec, Lock()):
        try:
            return _load(spec)
        except Exception:
            logger.exception("the model %s could not be loaded", spec)
            # the cause stays in the log: its message may have paths and addresses of this machine
            raise ValueError(f"the model {_name(spec)!r} could not be loaded; the server's log says why") from None


@cache
def _load(spec: str) -> BaseChatModel:
    """Load a model once for the life of the server."""
    base_url = os.environ.get("TOT_BASE_URL")
    options: dict[str, Any] = {"base_url": base_url} if base_url and not spec.startswith(("hf:", "recorded:")) else {}
    return load_chat_model(spec, **options)


def _tracked(graph: Graph, execution: bool) -> Graph:
    experiment = os.environ.get("TOT_TRACKING")
    if not experiment or not execution:
        return graph
    from ...tracking import process_handler

    handler = process_handler(experiment)
    return graph.with_config(callbacks=[handler])


def _factory(method: str) -> Callable[[ServerRuntime], Awaitable[Graph]]:
    """Return the factory of a method without a teacher, as `langgraph.json` names it."""

    async def make(runtime: ServerRuntime) -> Graph:
        return await asyncio.to_thread(_untaught, runtime, method)

    return make


globals().update({name: _factory(name) for name in method_names() if not method_named(name).taught})
