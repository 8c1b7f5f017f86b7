"""Check what an OpenAI-compatible server sends before LangChain reads it. The client takes any JSON for a completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.outputs import ChatGenerationChunk

from ...foundation.token_counts import token_counts

CUT_OFF = ("length", "max_tokens")
"""Finish reasons that explain a reply without text: the limit was reached, for example inside the thoughts."""

_GIVEN = "text_given"
"""Key in a chunk's info by which `StreamCheck` learns whether the server sent a text, even an empty one."""

_COUNTS = ("prompt_tokens", "completion_tokens")


class EmptyReply(RuntimeError):
    """The server answered without a text: a fault of the call, which says nothing about what the model can do.

    Attributes:
        tokens: input and output tokens that the server counted nevertheless; None if unknown.
    """

    def __init__(self, message: str, tokens: tuple[int, int] | None = None) -> None:
        super().__init__(message)
        self.tokens = tokens


class CheckedReplies:
    """For subclasses of LangChain's `BaseChatOpenAI`: refuses replies that hold nothing, and drops impossible token counts."""

    __slots__ = ()

    def _create_chat_result(self, response: Any, generation_info: dict[str, Any] | None = None) -> Any:
        plain = response if isinstance(response, dict) else _plain(response)
        counts = _counts(plain.get("usage"))
        # a malformed reply or an error of the server is left to LangChain, which reports it
        if isinstance(choices := plain.get("choices"), list) and not plain.get("error"):
            check_choices(choices, counts)
        if plain.get("usage") is not None and counts is None:
            without = {"usage": None}
            response = {**plain, **without} if isinstance(response, dict) else response.model_copy(update=without)
        return super()._create_chat_result(response, generation_info)  # type: ignore[misc]

    def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *rest: Any, **more: Any) -> Any:
        if chunk.get("usage") is not None and _counts(chunk["usage"]) is None:
            chunk = {**chunk, "usage": None}
        made = super()._convert_chunk_to_generation_chunk(chunk, *rest, **more)  # type: ignore[misc]
        if made is not None:
            choices = chunk.get("choices") or (chunk.get("chunk") or {}).get("choices") or []
            given = any(_has_text(choice.get("delta") or {}) for choice in choices)
            # LangChain's chunk has "" for a missing text too, so `StreamCheck` could not tell them apart
            made.generation_info = {**(made.generation_info or {}), _GIVEN: given}
        return made


class StreamCheck:
    """Checks a streamed reply piece by piece, and the whole when it ends."""

    def __init__(self) -> None:
        self._seen = False
        self._reason: Any = None
        self._given = False
        self._calls = False
        self._tokens: tuple[int, int] | None = None

    def see(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Note the facts of a chunk that `end` needs, and return the chunk."""
        info = chunk.generation_info or {}
        self._seen = self._seen or _GIVEN in info
        self._given |= bool(info.pop(_GIVEN, False)) or bool(chunk.message.additional_kwargs.get("refusal"))
        self._reason = info.get("finish_reason") or self._reason
        self._calls |= bool(getattr(chunk.message, "tool_call_chunks", None))
        if (usage := getattr(chunk.message, "usage_metadata", None)) is not None:
            self._tokens = token_counts(usage.get("input_tokens"), usage.get("output_tokens"))
        return chunk

    def end(self) -> None:
        """Raise `EmptyReply` if the stream broke off, or held no text. OpenAI's other protocol, Responses, is left alone."""
        if not self._seen:  # no chunk came through `CheckedReplies`
            return
        if self._reason is None:
            raise EmptyReply("the stream broke off before the reply was complete", self._tokens)
        _check(self._reason, given=self._given, calls=self._calls, tokens=self._tokens)


def check_choices(choices: list[Any], tokens: tuple[int, int] | None) -> None:
    """Check the choices of a reply.

    Raises:
        EmptyReply: there is none, or the first has neither a text nor tool calls.
    """
    if not choices:
        raise EmptyReply("the reply has no choices", tokens)
    choice = choices[0] if isinstance(choices[0], Mapping) else {}
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise EmptyReply("the reply's first choice has no message", tokens)
    _check(choice.get("finish_reason"), given=_has_text(message), calls=bool(message.get("tool_calls")), tokens=tokens)


def _check(reason: Any, *, given: bool, calls: bool, tokens: tuple[int, int] | None) -> None:
    """Raise unless there is a text, if only an empty one, or tool calls, or the token limit explains that there is neither."""
    if not (given or calls or reason in CUT_OFF):
        raise EmptyReply(f"the reply holds no text (finish_reason {reason!r})", tokens)


def _has_text(message: Mapping[str, Any]) -> bool:
    """Return whether a message has a text, an empty one included, or says why not."""
    said = (message.get(key) for key in ("refusal", "reasoning_content", "reasoning"))
    return message.get("content") is not None or any(said)


def _counts(usage: Any) -> tuple[int, int] | None:
    """Return input and output tokens of a server's `usage`; None if there are none, or any number in it is impossible."""
    if not isinstance(usage, Mapping):
        return None
    details: list[Any] = [usage.get("total_tokens", 0)]
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        part = usage.get(name) or {}
        details += part.values() if isinstance(part, Mapping) else [part]
    if any(token_counts(number or 0, 0) is None for number in details):
        return None
    return token_counts(*(usage.get(name) for name in _COUNTS))


def _plain(response: Any) -> dict[str, Any]:
    """Return a reply as a dict; empty for what is no completion, which LangChain reports itself."""
    dump = getattr(response, "model_dump", None)
    return dump(exclude={"choices": {"__all__": {"message": {"parsed"}}}}, warnings=False) if dump else {}
