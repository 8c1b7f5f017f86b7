"""Turn the messages and options of a call into a request for the engine, with what is needed to read the reply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from transformers import PreTrainedModel

from ..engine.forced_forms import Form, FormWatch
from ..engine.incremental_text import StopWatch
from ..engine.requests import Generation, SamplingOptions
from .chat_prompts import begun_by, render, tokenize
from .reasoning import within_thoughts
from .replies import Call

DEFAULT_MAX_TOKENS = 1024
"""Output tokens of a reply unless set. Without a limit a small model that repeats itself would fill its context."""

PER_CALL = ("logprobs", "max_tokens", "seed", "temperature", "timeout", "top_k", "top_logprobs", "top_p")
"""Options that can be set on the model and on a call."""

FORMS = ("regex", "grammar", "response_format")
"""Options of a call that constrain its reply; at most one of them."""

_FROM_LANGCHAIN = ("tools", "tool_choice", "ls_structured_output_format", "stream_options")
"""Options that LangChain itself passes along."""


def merge_options(of_model: dict[str, Any], of_call: dict[str, Any]) -> dict[str, Any]:
    """Return the `PER_CALL` options of a call; its own values replace those of the model.

    Raises:
        TypeError: the call has an unknown option.
    """
    if unknown := sorted(of_call.keys() - {*PER_CALL, *FORMS, *_FROM_LANGCHAIN}):
        raise TypeError(f"{', '.join(unknown)}: no such option of a call; use one of {[*PER_CALL, *FORMS]}")
    return {name: of_call.get(name, of_model[name]) for name in PER_CALL}


def prepare_call(
    model: PreTrainedModel,
    tokenizer: Any,
    messages: Sequence[BaseMessage],
    options: dict[str, Any],
    *,
    stop: str | Sequence[str] | None,
    tools: Sequence[dict[str, Any]] | None,
    form: dict[str, Any],
    metadata: dict[str, Any],
) -> Call:
    """Return a call for the engine: its prompt, how it is decoded and where it ends.

    Args:
        model: the model that will answer.
        tokenizer: its tokenizer, with a chat template.
        messages: messages of the call.
        options: as `merge_options` returns them.
        stop: strings that end the reply and are not part of it.
        tools: tools in OpenAI's format, shown to the model by its chat template.
        form: `regex`, `grammar` or `response_format`, as given to the call.
        metadata: becomes part of the reply's `response_metadata`.

    Raises:
        ValueError: the messages cannot be written as a prompt, the prompt is longer than the context, or an option is out of
            range.
    """
    prompt = render(tokenizer, messages, tools)
    tokens = tokenize(tokenizer, prompt)
    strings = [string for string in ([stop] if isinstance(stop, str) else stop or ()) if string]
    generation = Generation(
        prompt=tokens,
        options=_sampling(options, len(tokens), model),
        end_tokens=_end_tokens(model, tokenizer) | _special(tokenizer, strings),
        ends=StopWatch(tokenizer, strings) if strings else None,
        form=_form(tokenizer, form),
    )
    return Call(generation, tokenizer, strings, within_thoughts(prompt, begun_by(messages)), metadata, bool(tools))


def _sampling(options: dict[str, Any], prompt_tokens: int, model: PreTrainedModel) -> SamplingOptions:
    """Return the sampling options with their defaults; `max_tokens` is cut to what the context leaves after the prompt."""
    # some models have no fixed context, so only memory limits them
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None) or 2**31
    if prompt_tokens >= context:
        raise ValueError(f"the prompt has {prompt_tokens} tokens; this model reads {context} with the reply: shorten it")
    unless_told: dict[str, Any] = {"max_tokens": DEFAULT_MAX_TOKENS, "temperature": 0.0, "top_p": 1.0, "top_k": 0, "seed": None}
    chosen = {name: default if options[name] is None else options[name] for name, default in unless_told.items()}
    # `logprobs=True` alone returns each token's own; `logprobs=False` wins over `top_logprobs`
    alternatives = options["top_logprobs"]
    if options["logprobs"] and alternatives is None:
        alternatives = 0
    if options["logprobs"] is False:
        alternatives = None
    room = context - prompt_tokens
    return SamplingOptions(**{**chosen, "max_tokens": min(chosen["max_tokens"], room)}, logprobs=alternatives)


def _form(tokenizer: Any, given: dict[str, Any]) -> FormWatch | None:
    """Return the constraint on a reply, given in this project's format, OpenAI's or LangChain's; None for none."""
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)}: a text can keep one form only; give one of them")
    for name, value in given.items():
        if name != "response_format":
            return FormWatch(Form(name, value), tokenizer)  # type: ignore[arg-type]
        if value.get("type") == "text":
            return None
        # LangChain has the schema at the top, OpenAI inside `json_schema`; JSON mode has none: any object
        schema = value.get("schema") or value.get("json_schema", {}).get("schema") or {"type": "object"}
        return FormWatch(Form("json_schema", json.dumps(schema)), tokenizer)
    return None


def _end_tokens(model: PreTrainedModel, tokenizer: Any) -> frozenset[int]:
    """Return the tokens that end a reply: those of the generation config, the model config and the tokenizer, which differ."""
    generation_config: Any = model.generation_config
    ends: set[int] = set()
    for found in (generation_config.eos_token_id, model.config.get_text_config().eos_token_id, tokenizer.eos_token_id):
        ends.update(found if isinstance(found, list) else [] if found is None else [found])
    return frozenset(ends)


def _special(tokenizer: Any, strings: Sequence[str]) -> frozenset[int]:
    """Return the stop strings that are special tokens. They never appear in the decoded text, so they must end it as tokens."""
    if not strings:
        return frozenset()
    added = tokenizer.get_added_vocab()
    return frozenset(added[string] for string in strings if string in added)
