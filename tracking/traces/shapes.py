"""Select what spans show: inputs, outputs and attributes of graphs, nodes and chat models, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult

_NODE_INPUTS = {
    "decompose": ("question", "steps", "reviews"),
    "review": ("question", "steps", "flags"),
    "hint": ("question",),
    "solve": ("question", "steps", "hint", "retry_reason", "rung"),
    "escalate": ("question", "rung", "solution", "program"),
    "teacher": ("question", "escalations"),
    "verify": ("question", "solution", "program", "reference"),
}
"""The keys of the state that each node reads. The whole input would repeat the state in every span."""

_CALL_OPTIONS = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "max_new_tokens",
    "reasoning_effort",
    "n",
    "stream",
)
"""Options of a model call that are logged. All others are left out, because they may contain keys and headers."""

# LangChain's types as OpenAI's roles.
_ROLES = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "developer": "developer"}
_REPLY_ATTRIBUTE = "response."
_SHORT = 500  # characters; longer values are no facts about a generation, but texts


def is_ours(state: Any) -> bool:
    """Return whether a value is the state (input, output) of one of the project's graphs."""
    return isinstance(state, Mapping) and isinstance(state.get("question"), str)


def graph_inputs(inputs: Any) -> Any:
    """Return the input of a graph. Our graphs show only the question, by which MLflow pairs the traces of two runs."""
    return {"question": inputs["question"]} if is_ours(inputs) else _plain(inputs)


def graph_outputs(outputs: Any) -> Any:
    """Return answer and status of one of our graphs, or the whole output of another graph."""
    if isinstance(outputs, Mapping) and "status" in outputs:
        return {"answer": outputs.get("answer"), "status": outputs["status"]}
    return _plain(outputs)


def graph_attributes(outputs: Any) -> dict[str, Any]:
    """Return attributes of a finished run of one of our graphs: attempts, agreement, the rung that answered, tokens by role."""
    if not isinstance(outputs, Mapping) or "status" not in outputs:
        return {}
    shown = ("problem_id", "attempts", "agreement", "rung", "escalations", "usage")
    return {key: outputs[key] for key in shown if outputs.get(key) is not None}


def node_inputs(node: str, inputs: Any) -> Any:
    """Return the part of the state that a node reads."""
    if node not in _NODE_INPUTS or not is_ours(inputs):
        return _plain(inputs)
    return {key: inputs[key] for key in _NODE_INPUTS[node] if inputs.get(key)}


def node_outputs(outputs: Any) -> Any:
    """Return a node's state update without token counts; the list of solutions is left out if it has only one."""
    if not isinstance(outputs, Mapping):
        return _plain(outputs)
    shown = {key: value for key, value in outputs.items() if key != "usage"}
    # A single solution is already in `solution`.
    if len(shown.get("solutions") or ()) == 1 and "solution" in shown:
        del shown["solutions"]
    return _plain(shown)


def chat_inputs(messages: Sequence[BaseMessage], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return messages and options in the form that MLflow renders as a conversation."""
    shown = {key: options[key] for key in _CALL_OPTIONS if options.get(key) is not None}
    return {"messages": [_message(message) for message in messages], **shown}


def chat_outputs(result: LLMResult) -> dict[str, Any]:
    """Return the replies in the form that MLflow renders as a conversation."""
    choices = []
    for place, generation in enumerate(result.generations[0] if result.generations else []):
        message = getattr(generation, "message", None)
        shown = _message(message) if message is not None else {"role": "assistant", "content": generation.text}
        reason = (getattr(message, "response_metadata", None) or {}).get("finish_reason")
        choices.append({"index": place, "message": shown, "finish_reason": reason})
    return {"choices": choices}


def chat_attributes(result: LLMResult, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return model, provider, tokens, and the reply's facts about its generation (engine, batch size, ...).

    Args:
        result: the reply.
        metadata: LangChain's metadata of the call: `ls_model_name`, `ls_provider`.
    """
    from mlflow.tracing.constant import SpanAttributeKey

    message = _first_message(result)
    reply = getattr(message, "response_metadata", None) or {}
    attributes = {f"{_REPLY_ATTRIBUTE}{key}": value for key, value in reply.items() if _is_short(value)}
    attributes[SpanAttributeKey.MESSAGE_FORMAT] = "openai"
    if model := model_name(result, metadata):
        attributes[SpanAttributeKey.MODEL] = model
    if provider := reply.get("model_provider") or metadata.get("ls_provider"):
        attributes[SpanAttributeKey.MODEL_PROVIDER] = str(provider)
    usage = getattr(message, "usage_metadata", None) or _reported_usage(result) or {}
    if counts := _usage(usage):
        attributes[SpanAttributeKey.CHAT_USAGE] = counts
    if usage.get("total_cost") == 0:  # LangChain's mark for a reply from its cache
        attributes["cached"] = True
        attributes[SpanAttributeKey.LLM_COST] = {"input_cost": 0.0, "output_cost": 0.0, "total_cost": 0.0}
    return attributes


def model_name(result: LLMResult, metadata: Mapping[str, Any]) -> str | None:
    """Return the name of the model in a reply, or else the name of the model that was called."""
    reply = getattr(_first_message(result), "response_metadata", None) or {}
    name = reply.get("model_name") or reply.get("model") or metadata.get("ls_model_name")
    return str(name) if name else None


def short_name(model: str | None) -> str | None:
    """Return the last part of a hub id or path, to name a span."""
    return model.rstrip("/").rpartition("/")[2].removesuffix(".gguf") if model else None


def _usage(usage: Mapping[str, Any]) -> dict[str, int]:
    """Return LangChain's token counts under the names that MLflow uses."""
    counts = {key: int(usage[key]) for key in ("input_tokens", "output_tokens", "total_tokens") if usage.get(key) is not None}
    details = usage.get("input_token_details") or {}
    cached = {
        "cache_read_input_tokens": details.get("cache_read"),
        "cache_creation_input_tokens": details.get("cache_creation"),
    }
    return counts | {key: int(value) for key, value in cached.items() if value}


def _reported_usage(result: LLMResult) -> dict[str, Any] | None:
    """Return token counts of models that report them outside the message, in OpenAI's older format."""
    reported = (result.llm_output or {}).get("token_usage")
    if not isinstance(reported, Mapping):
        return None
    names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens", "total_tokens": "total_tokens"}
    return {ours: reported[theirs] for ours, theirs in names.items() if isinstance(reported.get(theirs), int)}


def _first_message(result: LLMResult) -> Any:
    first = result.generations[0] if result.generations else []
    return getattr(first[0], "message", None) if first else None


def _message(message: BaseMessage) -> dict[str, Any]:
    """Return a message in OpenAI's format, which MLflow renders."""
    shown: dict[str, Any] = {"role": _ROLES.get(message.type, message.type), "content": message.content}
    if calls := getattr(message, "tool_calls", None):
        shown["tool_calls"] = [
            {"id": call.get("id"), "type": "function", "function": {"name": call["name"], "arguments": str(call["args"])}}
            for call in calls
        ]
    if reference := getattr(message, "tool_call_id", None):
        shown["tool_call_id"] = reference
    if reasoning := message.additional_kwargs.get("reasoning_content"):
        shown["reasoning_content"] = reasoning
    return shown


def _is_short(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _SHORT)


def _plain(value: Any) -> Any:
    """Convert messages inside a value to the form that MLflow renders."""
    if isinstance(value, BaseMessage):
        return _message(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
