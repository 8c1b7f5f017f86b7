"""Give a provider's chat model a deadline for each call, and check the replies of OpenAI-compatible servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from types import new_class
from typing import Any, ClassVar

from langchain_core.language_models import BaseChatModel

from .deadline import astream_within, awithin, stream_within, within
from .openai_replies import CheckedReplies, StreamCheck


def bounded(model: BaseChatModel, seconds: float) -> BaseChatModel:
    """Give a model a deadline for each call, in place.

    Args:
        model: a provider's chat model.
        seconds: time limit of a call, with the client's retries. Time that a call spends outside the client, waiting for a rate
            limiter or a cache, does not count.

    Returns:
        The same object.
    """
    # the class is replaced, since a wrapper would hide the model's own fields and methods
    object.__setattr__(model, "__class__", _bounded_class(type(model), seconds))
    return model


@cache
def _bounded_class(kind: type[BaseChatModel], seconds: float) -> type[BaseChatModel]:
    """Return a subclass with the same name, so that tables, traces and caches see no difference."""
    mixins: list[type] = [_Calls]
    if kind._stream is not BaseChatModel._stream or kind._astream is not BaseChatModel._astream:
        mixins = [_Streams, _Calls]  # not for a model that cannot stream, or LangChain would take it for one that can
    if any(parent.__name__ == "BaseChatOpenAI" for parent in kind.__mro__):
        mixins.append(CheckedReplies)
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    limit = {"__annotations__": {"seconds_of_call": ClassVar[float]}, "seconds_of_call": seconds}
    return new_class(kind.__name__, (*mixins, kind), exec_body=lambda space: space.update(names, **limit))


class _Calls:
    # empty slots: the class of an object can only be replaced by one with the same layout
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
