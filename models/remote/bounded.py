"""Make a LangChain chat model of any provider keep a deadline, and one of OpenAI's protocol check its replies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from types import new_class
from typing import Any, ClassVar

from langchain_core.language_models import BaseChatModel

from .deadline import astream_within, awithin, stream_within, within
from .openai_replies import CheckedReplies, StreamCheck


def bounded(model: BaseChatModel, seconds: float) -> BaseChatModel:
    """Return the model itself; each of its calls now ends within so many seconds, the client's retries included.

    What a call waits for outside the provider's client, such as a rate limiter or a cache, does not count.
    """
    object.__setattr__(model, "__class__", _bounded_class(type(model), seconds))
    return model


@cache
def _bounded_class(kind: type[BaseChatModel], seconds: float) -> type[BaseChatModel]:
    """Return a subclass that goes by the same name: tables, traces and cached prompts must not tell the difference."""
    mixins: list[type] = [_Calls]
    if kind._stream is not BaseChatModel._stream or kind._astream is not BaseChatModel._astream:
        mixins = [_Streams, _Calls]  # a model that cannot stream must not seem to
    if any(parent.__name__ == "BaseChatOpenAI" for parent in kind.__mro__):
        mixins.append(CheckedReplies)
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    limit = {"__annotations__": {"seconds_of_call": ClassVar[float]}, "seconds_of_call": seconds}
    return new_class(kind.__name__, (*mixins, kind), exec_body=lambda space: space.update(names, **limit))


class _Calls:
    __slots__ = ()
    seconds_of_call: ClassVar[float]

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        call = super()._generate  # type: ignore[misc]
        return within(self.seconds_of_call, lambda: call(messages, stop=stop, run_manager=run_manager, **kwargs))

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        call = super()._agenerate  # type: ignore[misc]
        return await awithin(self.seconds_of_call, call(messages, stop=stop, run_manager=run_manager, **kwargs))


class _Streams:
    __slots__ = ()
    seconds_of_call: ClassVar[float]

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Iterator[Any]:
        stream, check = super()._stream, StreamCheck()  # type: ignore[misc]
        for chunk in stream_within(
            self.seconds_of_call, lambda: stream(messages, stop=stop, run_manager=run_manager, **kwargs)
        ):
            yield check.see(chunk)
        check.end()

    async def _astream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> AsyncIterator[Any]:
        stream, check = super()._astream, StreamCheck()  # type: ignore[misc]
        async for chunk in astream_within(self.seconds_of_call, stream(messages, stop=stop, run_manager=run_manager, **kwargs)):
            yield check.see(chunk)
        check.end()
