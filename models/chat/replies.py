"""Turn the tokens of a reply into LangChain messages: text, reasoning, tool calls, usage, finish reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from ..engine.incremental_text import IncrementalText, StopHold, cut_at_stop
from ..engine.requests import Completion, Generation
from .logprobs import logprobs_of
from .reasoning import Parted, ThoughtSplitter, part
from .tool_calls import ReadCalls, read_tool_calls


@dataclass(frozen=True, slots=True)
class Call:
    """A call with what is needed to read its reply.

    Attributes:
        generation: the request to the engine.
        tokenizer: the model's tokenizer.
        stop: strings that end the reply.
        thinking: whether the reply begins inside a block of thoughts.
        metadata: part of the reply's `response_metadata`.
        has_tools: whether tool calls are looked for in the reply.
    """

    generation: Generation
    tokenizer: Any
    stop: Sequence[str]
    thinking: bool
    metadata: dict[str, Any]
    has_tools: bool = False

    def result(self, completion: Completion) -> ChatResult:
        """Return the whole reply."""
        text = self.tokenizer.decode(completion.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        shown = cut_at_stop(text, self.stop)
        # in this order: thoughts may mention tool calls that are none
        reasoning, answer = part(shown, self.thinking)
        info = self._info(completion, shown)
        answer, calls, invalid = read_tool_calls(answer) if self.has_tools else ReadCalls(answer, [], [])
        message = AIMessage(
            content=answer,
            additional_kwargs=_kept(reasoning),
            response_metadata=info,
            usage_metadata=self._usage(completion),
            tool_calls=calls,
            invalid_tool_calls=invalid,
        )
        return ChatResult(generations=[ChatGeneration(message=message, generation_info=info)])

    def only_chunk(self, completion: Completion) -> ChatGenerationChunk:
        """Return the whole reply as a single chunk, because tool calls can only be read when they are complete."""
        generation = self.result(completion).generations[0]
        message = generation.message
        chunk = AIMessageChunk(
            content=message.content,
            additional_kwargs=message.additional_kwargs,
            response_metadata=message.response_metadata,
            usage_metadata=message.usage_metadata,  # type: ignore[attr-defined]
            tool_call_chunks=[
                tool_call_chunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=index)
                for index, call in enumerate(message.tool_calls)  # type: ignore[attr-defined]
            ],
            chunk_position="last",
        )
        return ChatGenerationChunk(message=chunk, generation_info=generation.generation_info)

    def last_chunk(self, completion: Completion, rest: Parted) -> ChatGenerationChunk:
        """Return the last chunk of a stream, with finish reason, usage and log-probabilities."""
        text = self.tokenizer.decode(completion.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        # tokens of a stop string were generated but are not shown, so they have no log-probabilities here
        info = self._info(completion, cut_at_stop(text, self.stop))
        message = AIMessageChunk(
            content=rest.answer,
            additional_kwargs=_kept(rest.reasoning),
            response_metadata=info,
            usage_metadata=self._usage(completion),
            chunk_position="last",
        )
        return ChatGenerationChunk(message=message, generation_info=info)

    def _info(self, completion: Completion, text: str) -> dict[str, Any]:
        info = {"finish_reason": completion.finish_reason, "batch_size": completion.batch_size, **self.metadata}
        if completion.likelihoods is not None:
            info["logprobs"] = logprobs_of(self.tokenizer, completion.tokens, completion.likelihoods, text)
        return info

    def _usage(self, completion: Completion) -> UsageMetadata:
        read, written = len(self.generation.prompt), completion.generated
        return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)


class ChunkWriter:
    """Turns tokens that arrive one by one into chunks. Text is held back while it may be part of a stop string or a tag."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._text = IncrementalText(call.tokenizer)
        self._hold = StopHold(call.stop)
        self._thoughts = ThoughtSplitter(call.thinking)

    def feed(self, token: int) -> ChatGenerationChunk | None:
        """Return the chunk that this token completes, if any."""
        reasoning, answer = self._thoughts.feed(self._hold.feed(self._text.feed(token)))
        if not reasoning and not answer:
            return None
        return ChatGenerationChunk(message=AIMessageChunk(content=answer, additional_kwargs=_kept(reasoning)))

    def finish(self, completion: Completion) -> ChatGenerationChunk:
        """Return the last chunk, with what was held back."""
        rest = self._thoughts.feed(self._hold.feed(self._text.flush(), final=True), final=True)
        return self._call.last_chunk(completion, rest)


def _kept(reasoning: str) -> dict[str, Any]:
    return {"reasoning_content": reasoning} if reasoning else {}
