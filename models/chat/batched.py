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
from ..engine.service import Service
from ..weights.local_model import EngineName, load_local
from ..weights.openvino_model import OpenVinoModel
from .calls import DEFAULT_MAX_TOKENS, FORMS, PER_CALL, merge_options, prepare_call
from .replies import Call, ChunkWriter

_UNSUPPORTED = ("presence_penalty", "frequency_penalty", "logit_bias", "n")


class BatchedChatHuggingFace(ChatHuggingFace):
    """A chat model in this process. Calls made at the same time, from tasks and threads, are decoded in one batch.

    Greedy unless a temperature is given. `temperature`, `top_p`, `top_k`, `max_tokens`, `seed`, `stop`, `timeout`,
    `logprobs` and `top_logprobs` may be given to the model or to a call: `model.invoke(messages, temperature=0.7, seed=3)`.
    `regex`, `grammar` or `response_format` given to a call force a form on its text.
    A last message of the assistant is continued: the reply holds only what is new.

    Attributes:
        max_tokens: new tokens of a reply at most.
        top_k: how many of the likeliest tokens to draw from.
        timeout: seconds that a call may take, waiting included.
        engine: `"openvino"` (CPU), `"continuous"` (transformers' continuous batching: accelerators, and models that OpenVINO
            cannot read) or `"auto"`.
        max_batch_size: rows decoded together at most.
        max_batch_tokens: positions of the key-value cache at most; by default what a quarter of the free memory holds.
    """

    model_config = ConfigDict(populate_by_name=True)

    continues: ClassVar[bool] = True
    """A last message of the assistant is continued."""

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
            model_id: hub id, folder, or `.gguf` file (converted once, then kept in a cache folder).
            task: only `"text-generation"`.
            backend: only `"pipeline"`.
            dtype: of the weights; by default float32 on a CPU, else as saved. OpenVINO computes in float32 or bfloat16.
            device: by default an accelerator if there is one, else the CPU.
            attn_implementation: as transformers takes it.
            quantization_config: as transformers takes it (bitsandbytes, torchao, ...).
            weights: how a model that is converted for OpenVINO keeps them: `"float16"` (default) or `"int8"`.
            options: fields of this class, as `max_tokens`; all others go to `AutoModelForCausalLM.from_pretrained`.

        Raises:
            FileNotFoundError: no such folder, file or hub id.
            ConnectionError: the hub is out of reach.
            MemoryError: the model does not fit.
            ValueError: an option that does not apply.
        """
        if backend != "pipeline" or task not in (None, "text-generation"):
            raise ValueError(
                f"backend={backend!r}, task={task!r}: this class runs text generation in this process; use ChatHuggingFace"
            )
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
        """What was chosen when it was loaded: the hub's revision if it has one, dtype, device, engine and its limits."""
        model, engine = self.llm.pipeline.model, self._service.engine
        dtype = str(model.dtype).removeprefix("torch.")
        facts = {
            "revision": getattr(model.config, "_commit_hash", None),
            "dtype": dtype,
            "weights": getattr(model, "weights", dtype),
        }
        limits = {"max_batch_size": self.max_batch_size, "max_batch_tokens": self.max_batch_tokens}
        return {**facts, "device": str(model.device), "engine": engine.name, **limits}

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: dict[str, Any] | str | bool | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Show tools to the model through its chat template; a choice is passed on, but nothing forces a model to keep it."""
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
        """Parse replies as a schema, by default as the call of one tool."""
        if method == "function_calling" and schema is not None:
            return BaseChatModel.with_structured_output(self, schema, include_raw=include_raw, **kwargs)
        return super().with_structured_output(schema, method=method, include_raw=include_raw, **kwargs)

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        return LangSmithParams(
            **{**params, "ls_provider": "huggingface", "ls_model_name": str(kwargs.get("model") or self.model_id)}
        )

    def close(self) -> None:
        """End the engine's thread; calls under way fail, and so do later ones."""
        self._service.engine.close()

    def batch(self, inputs: list[Any], config: Any = None, *, return_exceptions: bool = False, **kwargs: Any) -> list[Any]:
        """Answer many inputs at once, as many together as the engine decodes unless `max_concurrency` says otherwise."""
        return super().batch(inputs, self._wide(config), return_exceptions=return_exceptions, **kwargs)

    def batch_as_completed(
        self, inputs: Sequence[Any], config: Any = None, *, return_exceptions: bool = False, **kwargs: Any
    ) -> Iterator[Any]:
        """Answer many inputs at once and yield each when it is done; see `batch`."""
        return super().batch_as_completed(  # type: ignore[call-overload]
            inputs, self._wide(config), return_exceptions=return_exceptions, **kwargs
        )

    def _wide(self, config: Any) -> Any:
        """LangChain's thread pool is a few threads wide by default, which would starve the engine."""
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
        if call.has_tools:
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
            stop=stop if stop is not None else self.stop,
            tools=kwargs.get("tools"),
            form={name: kwargs[name] for name in FORMS if kwargs.get(name) is not None},
            metadata={"model_name": self.model_id, "model_provider": "huggingface", "engine": self._service.engine.name},
        )
        return call, options["timeout"]


def _pipeline(model: Any, tokenizer: Any) -> Any:
    """Return what `HuggingFacePipeline` holds; OpenVINO's models are run by their engine only."""
    if isinstance(model, OpenVinoModel):
        return SimpleNamespace(model=model, tokenizer=tokenizer, task="text-generation")
    return TextGenerationPipeline(model=model, tokenizer=tokenizer)
