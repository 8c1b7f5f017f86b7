"""A chat model that answers from a script, for tests of this project and of applications."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, ClassVar

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

Script = Sequence[str | BaseException] | Mapping[str, str | BaseException] | Callable[[str], str]
"""Replies in order, replies by a text that the prompt contains, or a function of the prompt."""


class ScriptedChatModel(BaseChatModel):
    """A chat model that answers from a list (in order), a mapping (first key that the prompt contains) or a function.

    A reply that is an exception is raised. Token counts are word counts. `calls` has the prompts so far, `options` the keyword
    arguments of each call.

    Example:
        ```python
        from trace_of_thought.models import ScriptedChatModel

        student = ScriptedChatModel(script=["Answer: 4", TimeoutError("no reply in 60 s")])
        assert student.invoke("2 + 2?").text == "Answer: 4"
        ```
    """

    continues: ClassVar[bool] = True

    script: Script
    model_name: str = "scripted"
    finish_reason: str = "stop"
    temperature: float | None = None
    seed: int | None = None
    _calls: list[str] = PrivateAttr(default_factory=list)
    _options: list[dict[str, Any]] = PrivateAttr(default_factory=list)
    _lock: Lock = PrivateAttr(default_factory=Lock)

    @property
    def calls(self) -> list[str]:
        """The prompts so far, in order."""
        return self._calls

    @property
    def options(self) -> list[dict[str, Any]]:
        """The keyword arguments of each call (temperature, seed, ...)."""
        return self._options

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        return LangSmithParams(**{**params, "ls_provider": self._llm_type})

    def _reply(self, messages: list[BaseMessage], options: dict[str, Any]) -> AIMessage:
        prompt = "\n".join(message.text for message in messages)
        with self._lock:  # concurrent calls must not get the same number
            number = len(self._calls)
            self._calls.append(prompt)
            self._options.append(options)
        reply = self._look_up(prompt, number)
        if isinstance(reply, BaseException):
            raise reply
        used, made = len(prompt.split()), len(reply.split())
        return AIMessage(
            content=reply,
            usage_metadata={"input_tokens": used, "output_tokens": made, "total_tokens": used + made},
            response_metadata={
                "finish_reason": self.finish_reason,
                "model_name": self.model_name,
                "model_provider": "scripted",
            },
        )

    def _look_up(self, prompt: str, number: int) -> str | BaseException:
        if callable(self.script):
            return self.script(prompt)
        if isinstance(self.script, Mapping):
            for key, reply in self.script.items():
                if key in prompt:
                    return reply
            raise LookupError(f"the script has no key that the prompt {prompt[:80]!r} contains")
        if number >= len(self.script):
            raise LookupError(f"the script has {len(self.script)} replies; call {number + 1} has none")
        return self.script[number]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages, kwargs))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        reply = self._reply(messages, kwargs)
        words = reply.text.split(" ")
        for place, word in enumerate(words):
            last = place == len(words) - 1
            chunk = AIMessageChunk(content=word if last else f"{word} ")
            if last:  # once: LangChain adds up the usage of all chunks
                chunk.usage_metadata = reply.usage_metadata
                chunk.response_metadata = reply.response_metadata
                chunk.chunk_position = "last"
            piece = ChatGenerationChunk(message=chunk)
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=piece)
            yield piece
