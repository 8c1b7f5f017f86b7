"""Teach once: store a teacher's replies in the journal, so that all students and all later runs share them.

`Teaching` is a cache for LangChain chat models that reads and writes the journal. Concurrent problems with the same prompt make
one call.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from langchain_core.caches import BaseCache
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, Generation

from ...foundation.redaction import Redactor
from ...nodes.asking.messages import FINISH_KEYS, tokens_of
from ..design.config import Price
from ..design.prices import cost
from ..journal.journal import Journal
from ..journal.records import Reply
from ..journal.tables import now_ms


@dataclass
class _Lesson:
    """The current problem, and the teacher calls that it has begun."""

    set_name: str
    question: str
    open_calls: list[tuple[Teaching, str]] = field(default_factory=list)


_lesson: ContextVar[_Lesson | None] = ContextVar("lesson", default=None)


@contextmanager
def lesson(set_name: str, question: str) -> Iterator[None]:
    """Set the problem that teacher calls inside the block belong to. Calls that failed are released when the block ends.

    It is a context variable because LangChain passes only the prompt and the model to a cache.

    Args:
        set_name: name of the problem set.
        question: text of the problem.
    """
    current = _Lesson(set_name, question)
    token = _lesson.set(current)
    try:
        yield
    finally:
        _lesson.reset(token)
        for teaching, key in current.open_calls:
            teaching.end_call(key)


class Teaching(BaseCache):
    """The cache of one teacher. New calls are limited to `callers` at a time and merged if their prompts are equal."""

    def __init__(
        self, journal: Journal, teacher: str, price: Price | None, callers: int, paid: Callable[[int, float | None], None]
    ) -> None:
        """Create the cache of one teacher.

        Args:
            journal: where replies are stored.
            teacher: key of the teacher in the journal, see `model_key`.
            price: price of the teacher; None if it is unknown.
            callers: maximum number of calls at a time.
            paid: called with the tokens and the cost in USD of each new reply.
        """
        self._journal = journal
        self._teacher = teacher
        self._price = price
        self._slots = asyncio.Semaphore(callers)
        # calls in flight by prompt key; the event is set when a call ends
        self._calls: dict[str, asyncio.Event] = {}
        # prompt keys whose call has a slot; one that was cancelled while it waited for a slot has none
        self._holding: set[str] = set()
        self._paid = paid

    def lookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the reply in the journal, None to make the call. `llm_string` is ignored: the cache belongs to one teacher."""
        found = self._journal.reply(self._teacher, _key(prompt))
        return [_generation(found)] if found else None

    async def alookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Return the reply in the journal, after waiting for an equal call of another problem; None to make the call."""
        key = _key(prompt)
        # a loop: the call that was waited for may have failed, and then this problem makes it
        while (found := self.lookup(prompt, llm_string)) is None:
            if key not in self._calls:
                await self._begin_call(key)
                return None
            if (current := _lesson.get()) and (self, key) in current.open_calls:
                return None  # a retry after a failure: waiting for its own call would never end
            await self._calls[key].wait()
        return found

    async def _begin_call(self, key: str) -> None:
        self._calls[key] = asyncio.Event()
        if current := _lesson.get():
            current.open_calls.append((self, key))
        await self._slots.acquire()
        self._holding.add(key)

    def end_call(self, key: str) -> None:
        """End a call, with or without a reply: free its slot and wake the problems that wait for it."""
        if key in self._holding:
            self._holding.discard(key)
            self._slots.release()
        if waiting := self._calls.pop(key, None):
            waiting.set()

    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Store a new reply in the journal and report its cost."""
        generation = return_val[0]
        message = generation.message if isinstance(generation, ChatGeneration) else AIMessage(content=generation.text)
        used, made = tokens_of(message) or (None, None)
        price = cost(self._price, used or 0, made or 0, unknown=used is None)
        current = _lesson.get()
        meta = message.response_metadata
        self._journal.add_reply(
            {
                "teacher": self._teacher,
                "prompt_key": _key(prompt),
                "set_name": current.set_name if current else None,
                "question": current.question if current else None,
                "prompt": _text(prompt),
                "text": Redactor().secrets(message.text),
                "finish_reason": next((str(meta[k]) for k in FINISH_KEYS if meta.get(k)), None),
                "input_tokens": used,
                "output_tokens": made,
                "model_name": str(meta["model_name"]) if meta.get("model_name") else None,
                "cost_usd": price,
                "created_ms": now_ms(),
            }
        )
        self._paid((used or 0) + (made or 0), price)

    async def aupdate(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Store a new reply and wake the problems that wait for it."""
        self.update(prompt, llm_string, return_val)
        self.end_call(_key(prompt))

    def clear(self, **kwargs: Any) -> None:
        """Do nothing: the journal is the source of record, and clearing a cache must not empty it."""


def _generation(reply: Reply) -> Generation:
    used, made = reply["input_tokens"], reply["output_tokens"] or 0
    meta = {"finish_reason": reply["finish_reason"], "model_name": reply["model_name"]}
    message = AIMessage(
        content=reply["text"],
        usage_metadata=None if used is None else {"input_tokens": used, "output_tokens": made, "total_tokens": used + made},
        response_metadata={name: value for name, value in meta.items() if value},
    )
    return ChatGeneration(message=message)


def _text(prompt: str) -> str:
    """Return the texts of a prompt's messages. The serialised form itself differs between versions of LangChain."""
    contents = [message["kwargs"]["content"] for message in json.loads(prompt)]
    return "\n".join(content if isinstance(content, str) else json.dumps(content) for content in contents)


def _key(prompt: str) -> str:
    # only the texts are hashed, so that replies are found again after an upgrade of LangChain
    return hashlib.sha256(_text(prompt).encode()).hexdigest()[:24]
