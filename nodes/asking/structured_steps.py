"""Ask teachers that support structured output for their steps as JSON."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ValidationError

from .driver import model_name

SCHEMA = {
    "title": "steps",
    "description": "The steps for a problem, in their order, not solved.",
    "type": "object",
    "properties": {"steps": {"type": "array", "items": {"type": "string"}}},
    "required": ["steps"],
    "additionalProperties": False,
}

_REFUSED = (400, 404, 415, 422, 501)
"""HTTP statuses with which servers refuse a request that has a schema; others (401, 429, 5xx) have nothing to do with it."""


def steps_model(teacher: BaseChatModel, structured: bool | None) -> Any:
    """Return the model to ask for steps: the teacher itself, or wrapped to ask for JSON.

    Args:
        teacher: any chat model.
        structured: True asks for JSON, False for text. None asks for JSON if LangChain's profile of the model lists structured
            output.
    """
    if structured is None:
        structured = bool((getattr(teacher, "profile", None) or {}).get("structured_output"))
    return StructuredTeacher(teacher) if structured else teacher


class StructuredTeacher(Runnable[Any, BaseMessage]):
    """Asks a chat model for a step list with a JSON schema, by the provider's own means.

    The reply's text is the JSON, and `parse_steps` reads it as it reads any list. A server that refuses the schema is asked
    again without it, and without it from then on. If a model ignores the schema, its text is read. A reply that ran into the
    token limit is read as far as it goes. After a content filter or an unreadable reply the teacher is asked for text.

    Args:
        model: any chat model.

    Raises:
        NotImplementedError: the model's class has no structured output.
    """

    def __init__(self, model: BaseChatModel) -> None:
        """Wrap a chat model.

        Raises:
            ValueError: the model's class has no structured output.
        """
        self.model = model
        self.model_name = model_name(model)
        try:
            self._asking = model.with_structured_output(SCHEMA, method="json_schema", include_raw=True)
        except NotImplementedError:
            raise ValueError(
                f"structured=True asks for steps as JSON, which {type(model).__name__} cannot give; leave structured out"
            ) from None
        # set once by any thread and never unset: at worst a few calls in flight are refused as well
        self._refuses = False

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> BaseMessage:
        """Return the teacher's reply."""
        if not self._refuses:
            try:
                return _reply(self._asking.invoke(input, config))
            except Exception as error:
                if (cut_off := self._settle(error)) is not None:
                    return cut_off
        return self.model.invoke(input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> BaseMessage:
        """Return the teacher's reply."""
        if not self._refuses:
            try:
                return _reply(await self._asking.ainvoke(input, config))
            except Exception as error:
                if (cut_off := self._settle(error)) is not None:
                    return cut_off
        return await self.model.ainvoke(input, config)

    def _settle(self, error: Exception) -> BaseMessage | None:
        """Return the reply that an error carries, or None if the teacher should be asked for text; raise any other error."""
        kind = type(error).__name__  # of openai, which is not installed for other providers
        if kind == "LengthFinishReasonError":
            return _cut_off(error)
        if kind == "ContentFilterFinishReasonError" or isinstance(error, ValidationError):
            return None
        if getattr(error, "status_code", None) not in _REFUSED:
            raise error
        self._refuses = True
        return None


def _cut_off(error: Any) -> AIMessage:
    """Return the cut-off reply that openai's client raised as an error, with the tokens that were paid for."""
    choice, used = error.completion.choices[0], error.completion.usage
    tokens = used and UsageMetadata(
        input_tokens=used.prompt_tokens, output_tokens=used.completion_tokens, total_tokens=used.total_tokens
    )
    meta = {"finish_reason": choice.finish_reason, "model_name": error.completion.model}
    return AIMessage(choice.message.content or "", usage_metadata=tokens, response_metadata=meta)


def _reply(output: Any) -> BaseMessage:
    """Return the message. OpenAI puts a refusal beside an empty text; it becomes the text, so that it is flagged."""
    raw: BaseMessage = output["raw"]
    refusal = raw.additional_kwargs.get("refusal")
    if refusal and not raw.text.strip() and isinstance(raw, AIMessage):
        return raw.model_copy(update={"content": refusal})
    return raw
