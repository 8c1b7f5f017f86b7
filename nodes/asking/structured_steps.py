"""Steps as structured output, from teachers that honour it."""

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
"""HTTP statuses by which servers refuse a request for a schema."""


def steps_model(teacher: BaseChatModel, structured: bool | None) -> Any:
    """Return the teacher, asked for JSON where it honours that.

    Args:
        teacher: any chat model.
        structured: True asks for JSON, False does not, None does if the model's profile says that it gives structured output.
    """
    if structured is None:
        structured = bool((getattr(teacher, "profile", None) or {}).get("structured_output"))
    return StructuredTeacher(teacher) if structured else teacher


class StructuredTeacher(Runnable[Any, BaseMessage]):
    """Asks a chat model with the schema of a step list, by the provider's own means.

    The reply's text is the JSON, which `parse_steps` reads as it reads any list. A server that refuses the schema is asked
    again without it, and from then on always; a model that ignores it has its text read. A reply that ran into the token
    limit is read as far as it goes; one that a content filter stopped, or that the client cannot read, is asked for as text.
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
        """Return the reply that an error holds, or None if text is to be asked for; any other error is raised."""
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
    """Return the reply that ran into the token limit: openai's client raises it, with the tokens that were paid for."""
    choice, used = error.completion.choices[0], error.completion.usage
    tokens = used and UsageMetadata(
        input_tokens=used.prompt_tokens, output_tokens=used.completion_tokens, total_tokens=used.total_tokens
    )
    meta = {"finish_reason": choice.finish_reason, "model_name": error.completion.model}
    return AIMessage(choice.message.content or "", usage_metadata=tokens, response_metadata=meta)


def _reply(output: Any) -> BaseMessage:
    """Return the message; a refusal that stands beside an empty text becomes its text."""
    raw: BaseMessage = output["raw"]
    refusal = raw.additional_kwargs.get("refusal")
    if refusal and not raw.text.strip() and isinstance(raw, AIMessage):
        return raw.model_copy(update={"content": refusal})
    return raw
