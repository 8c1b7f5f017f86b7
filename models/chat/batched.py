"""The local student: a drop-in `ChatHuggingFace` whose concurrent calls share batches on one model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import torch
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_huggingface import ChatHuggingFace, HuggingFacePipeline
from pydantic import ConfigDict, PrivateAttr
from transformers import TextGenerationPipeline

from ..engine.choose_engine import build_engine
from ..engine.service import Service, interruptible
from ..weights.local_model import EngineName, load_local
from ..weights.openvino_model import OpenVinoModel
from .calls import DEFAULT_MAX_TOKENS, FORMS, PER_CALL, merge_options, prepare_call
from .replies import Call, ChunkWriter

_UNSUPPORTED = ("presence_penalty", "frequency_penalty", "logit_bias", "n")
"""Fields of `ChatHuggingFace` that the engines cannot honour."""


class BatchedChatHuggingFace(ChatHuggingFace):
    """A chat model in this process. Concurrent calls, from tasks and threads, are decoded in one batch.

    Decoding is greedy unless a temperature is given. `temperature`, `top_p`, `top_k`, `max_tokens`, `seed`, `stop`, `timeout`,
    `logprobs` and `top_logprobs` can be set on the model or on a call: `model.invoke(messages, temperature=0.7, seed=3)`.
    `regex`, `grammar` or `response_format` constrain the reply of a call. A final assistant message is continued, and the reply
    has only the new text.

    Attributes:
        max_tokens: maximum output tokens of a reply.
        top_k: number of most likely tokens to sample from.
        timeout: seconds for one call, including the time that it waits for a place in a batch.
        engine: `"openvino"` (CPU), `"continuous"` (transformers' continuous batching, for accelerators and for models that
            OpenVINO cannot read) or `"auto"`.
        max_batch_size: maximum number of sequences decoded together.
        max_batch_tokens: maximum number of positions in the key-value cache. Default: what fits into a quarter of the free
            memory.
    """

    model_config = ConfigDict(populate_by_name=True)

    continues: ClassVar[bool] = True
    """Whether a final assistant message is continued; `nodes.asking.continuing` asks for it."""

    max_tokens: int | None = DEFAULT_MAX_TOKENS
    top_k: int | None = None
    timeout: float | None = None
    engine: EngineName = "auto"
    max_batch_size: int = 64
    max_batch_tokens: int | None = None

    _service: Service = PrivateAttr()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(self.llm, HuggingFacePipeline):
            raise TypeError(f"llm is a {type(self.llm).__name__}; give a HuggingFacePipeline, or use from_model_id")
        set_in_vain = [name for name in _UNSUPPORTED if getattr(self, name) is not None]
        if set_in_vain:
            raise ValueError(f"{', '.join(set_in_vain)}: not supported by the local student; leave unset")
        model = self.llm.pipeline.model
        engine = build_engine(model, self.engine, self.max_batch_size, self.max_batch_tokens)
        self._service = Service(engine)

    @classmethod
    def from_model_id(
        cls,
        model_id: str,
        task: str | None = None,
        backend: Literal["pipeline", "endpoint", "text-gen"] = "pipeline",
        *,
        dtype: str | torch.dtype | None = None,
        device: str | torch.device | int | None = None,
        attn_implementation: str | None = None,
        quantization_config: Any = None,
        weights: Literal["float16", "int8"] | None = None,
        **options: Any,
    ) -> BatchedChatHuggingFace:
        """Load a model.

        Args:
            model_id: hub id, folder or `.gguf` file. A GGUF file is converted once and cached.
            task: only `"text-generation"`.
            backend: only `"pipeline"`.
            dtype: data type of the weights. Default: float32 on a CPU, otherwise as saved. On OpenVINO: what it computes
                in, `"float32"` or `"bfloat16"`.
            device: device to run on. Default: an accelerator if there is one, else the CPU.
            attn_implementation: as for transformers.
            quantization_config: as for transformers (bitsandbytes, torchao, ...).
            weights: format of the weights of a model that is converted for OpenVINO: `"float16"` (default) or `"int8"`.
            options: fields of this class, such as `max_tokens`. All others go to `AutoModelForCausalLM.from_pretrained`.

        Raises:
            FileNotFoundError: there is no such folder, file or hub id.
            ConnectionError: the hub is unreachable.
            MemoryError: the model does not fit into memory.
            ValueError: an option does not apply.
        """
        if backend != "pipeline" or task not in (None, "text-generation"):
            raise ValueError(
                f"backend={backend!r}, task={task!r}: this class runs text generation in this process; use ChatHuggingFace"
            )
        # both names: `populate_by_name` lets a field be given by its own name or its alias
        names = {*cls.model_fields, *(field.alias for field in cls.model_fields.values() if field.alias)}
        fields = {name: options.pop(name) for name in list(options) if name in names}
        model, tokenizer = load_local(
            model_id,
            engine=fields.get("engine", "auto"),
            weights=weights,
            dtype=dtype,
            device=device,
            attn_implementation=attn_implementation,
            quantization_config=quantization_config,
            **options,
        )
        llm = HuggingFacePipeline(pipeline=_pipeline(model, tokenizer), model_id=model_id)
        return cls(llm=llm, tokenizer=tokenizer, **fields)

    @property
    def facts(self) -> dict[str, Any]:
        """What was chosen when the model was loaded: hub revision (if any), dtype, device, engine and its limits."""
        model, engine = self.llm.pipeline.model, self._service.engine
        dtype = str(model.dtype).removeprefix("torch.")
        facts = {
            "revision": getattr(model.config, "_commit_hash", None),
            "dtype": dtype,
            "weights": getattr(model, "weights", dtype),  # differs from dtype on OpenVINO only
        }
        limits = {"max_batch_size": self.max_batch_size, "max_batch_tokens": self.max_batch_tokens}
        return {**facts, "device": str(model.device), "engine": engine.name, **limits}

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: dict[str, Any] | str | bool | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Show tools to the model through its chat template. Nothing forces the model to obey `tool_choice`."""
        formatted = [convert_to_openai_tool(tool) for tool in tools]
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        return self.bind(tools=formatted, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Literal["function_calling", "json_mode", "json_schema"] = "function_calling",
        include_raw: bool = False,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Parse replies with a schema, by default as the call of a single tool."""
        if method == "function_calling" and schema is not None:
            return BaseChatModel.with_structured_output(self, schema, include_raw=include_raw, **kwargs)
        return super().with_structured_output(schema, method=method, include_raw=include_raw, **kwargs)

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        return LangSmithParams(
            **{**params, "ls_provider": "huggingface", "ls_model_name": str(kwargs.get("model") or self.model_id)}
        )

    def close(self) -> None:
        """Stop the engine. Pending and later calls fail."""
        self._service.engine.close()

    def batch(self, inputs: list[Any], config: Any = None, *, return_exceptions: bool = False, **kwargs: Any) -> list[Any]:
        """Answer many inputs; `max_concurrency` is twice the batch size unless the config has one."""
        wide, answer = self._wide(config), super().batch
        return interruptible(lambda: answer(inputs, wide, return_exceptions=return_exceptions, **kwargs))

    def batch_as_completed(
        self, inputs: Sequence[Any], config: Any = None, *, return_exceptions: bool = False, **kwargs: Any
    ) -> Iterator[Any]:
        """Answer many inputs and yield each reply when it is complete; see `batch`."""
        return super().batch_as_completed(  # type: ignore[call-overload]
            inputs, self._wide(config), return_exceptions=return_exceptions, **kwargs
        )

    def _wide(self, config: Any) -> Any:
        """Return a config with enough threads: LangChain's default pool has a few, which would leave the batches empty."""
        width = {"max_concurrency": 2 * self.max_batch_size}
        return [{**width, **one} for one in config] if isinstance(config, list) else {**width, **(config or {})}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        stream: bool | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call, timeout = self._call(messages, stop, kwargs)
        return call.result(self._service.complete(call.generation, timeout))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        stream: bool | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        call, timeout = self._call(messages, stop, kwargs)
        return call.result(await self._service.acomplete(call.generation, timeout))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        stream_usage: bool | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        call, timeout = self._call(messages, stop, kwargs)
        if call.has_tools:  # only a complete text shows whether it is a tool call
            yield call.only_chunk(self._service.complete(call.generation, timeout))
            return
        writer = ChunkWriter(call)
        for token in self._service.tokens(call.generation, timeout):
            if chunk := writer.feed(token):
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        yield writer.finish(self._service.engine.scored(call.generation))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        stream_usage: bool | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        call, timeout = self._call(messages, stop, kwargs)
        if call.has_tools:
            yield call.only_chunk(await self._service.acomplete(call.generation, timeout))
            return
        writer = ChunkWriter(call)
        async for token in self._service.atokens(call.generation, timeout):
            if chunk := writer.feed(token):
                if run_manager:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        yield writer.finish(await self._service.ascored(call.generation))

    def _call(self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]) -> tuple[Call, float | None]:
        options = merge_options({name: getattr(self, name) for name in PER_CALL}, kwargs)
        call = prepare_call(
            self.llm.pipeline.model,
            self.tokenizer,
            messages,
            options,
            stop=stop if stop is not None else self.stop,  # an empty list switches the model's stop strings off
            tools=kwargs.get("tools"),
            form={name: kwargs[name] for name in FORMS if kwargs.get(name) is not None},
            metadata={"model_name": self.model_id, "model_provider": "huggingface", "engine": self._service.engine.name},
        )
        return call, options["timeout"]


def _pipeline(model: Any, tokenizer: Any) -> Any:
    """Return what `HuggingFacePipeline` wraps. A model of OpenVINO is no PyTorch module; only its engine runs it."""
    if isinstance(model, OpenVinoModel):
        return SimpleNamespace(model=model, tokenizer=tokenizer, task="text-generation")
    return TextGenerationPipeline(model=model, tokenizer=tokenizer)
