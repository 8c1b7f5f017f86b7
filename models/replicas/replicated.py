"""A chat model with replicas on Ray. It is called like a model in this process. The door is `ReplicatedChatModel`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import PrivateAttr

from . import cluster
from .places import Place

if TYPE_CHECKING:
    from .group import ReplicaGroup

PER_CALL = ("logprobs", "max_tokens", "seed", "temperature", "timeout", "top_k", "top_logprobs", "top_p")
"""Options that can be set on this model and on each call. They are not sent to a model that has no such field."""


class ReplicatedChatModel(BaseChatModel):
    """A chat model whose replicas run on Ray, each in a process of its own with its own GPU.

    Create one with `load_chat_model("hf:MODEL", replicas=8)`, or with `start` for a model of your own. Each call goes to the
    replica with the fewest calls, which decodes it in a batch with others. A call that is lost with its replica is repeated on
    another one. The `response_metadata` of a reply has the `replica` and `node` that gave it, and after losses `lost_calls`
    and `lost_tokens` (an upper bound).

    Options that are not set here keep the values of the model in the replicas.
    """

    model_name: str
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: list[str] | None = None
    timeout: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None

    _group: ReplicaGroup = PrivateAttr()

    @classmethod
    def start(
        cls,
        load: Callable[[], BaseChatModel],
        *,
        name: str,
        replicas: int,
        ray: str | None = None,
        gpus_per_replica: float | None = None,
        cpus_per_replica: float | None = None,
        modules: Sequence[str] = (),
    ) -> ReplicatedChatModel:
        """Start replicas and wait until they have loaded the model.

        Args:
            load: returns the chat model; called in each replica, so it must be picklable.
            name: name of the model.
            replicas: number of replicas. Those that the cluster has no room for start when it has.
            ray: address of a cluster, see `cluster.connect`.
            gpus_per_replica: GPUs of each replica, may be a fraction. Default: 1 if the cluster has GPUs, else 0.
            cpus_per_replica: CPU cores that Ray reserves for each replica and that torch uses there. Default: 1.
            modules: modules that the nodes must have.

        Returns:
            The model. Close it to stop the replicas.

        Raises:
            ValueError: `replicas` is less than 1.
            ImportError: Ray is not installed, or a node lacks a module; the message says which.
            ConnectionError: there is no cluster at this address.
            ReplicaError: a replica could not load the model, or the cluster has no room for any.
        """
        if replicas < 1:
            raise ValueError(f"replicas={replicas}: give 1 or more")
        cluster.connect(ray)
        # these import Ray, so only after `connect` has checked for it and set its environment variables
        from .group import ReplicaGroup
        from .watching import Resources

        try:
            gpus = gpus_per_replica if gpus_per_replica is not None else float(cluster.total("GPU") > 0)
            resources = Resources(gpus, 1.0 if cpus_per_replica is None else cpus_per_replica)
            cluster.survey(("trace_of_thought.models.replicas.replica", *modules), resources.needed)
            model = cls(model_name=name)
            model._group = ReplicaGroup(name, load, replicas, resources)
            try:
                model._group.start()
            except BaseException:
                model._group.close()
                raise
        except BaseException:
            cluster.disconnect()
            raise
        return model

    def close(self) -> None:
        """Stop the replicas, and Ray if it was started for them."""
        if not self._group.closed:
            self._group.close()
            cluster.disconnect()

    @property
    def places(self) -> list[Place]:
        """The replicas, with node, state and numbers of calls."""
        return self._group.places.all

    @property
    def facts(self) -> dict[str, Any]:
        """What was chosen when the replicas loaded the model, such as dtype and device."""
        return dict(self._group.described.facts)

    @property
    def continues(self) -> bool:
        """Whether the model continues a final assistant message."""
        return self._group.described.continues

    @property
    def _llm_type(self) -> str:
        return self._group.described.kind

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, **self._set()}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        own = super()._get_ls_params(stop=stop, **kwargs)
        # the replica's parameters say what the model is; those of this call win where they are set
        kept = {name: own[name] for name in ("ls_temperature", "ls_max_tokens", "ls_stop") if own.get(name) is not None}
        return LangSmithParams(**{**self._group.described.params, **kept})  # type: ignore[typeddict-item]

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: dict[str, Any] | str | bool | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Show tools to the model; the model in the replicas decides how."""
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

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
            return super().with_structured_output(schema, include_raw=include_raw, **kwargs)
        from langchain_huggingface import ChatHuggingFace

        # as a plain function, because this model is no ChatHuggingFace but parses replies as one does
        asking: Any = ChatHuggingFace.with_structured_output
        return asking(self, schema, method=method, include_raw=include_raw, **kwargs)

    def batch(self, inputs: list[Any], config: Any = None, *, return_exceptions: bool = False, **kwargs: Any) -> list[Any]:
        """Answer many inputs. Default of `max_concurrency`: as many calls as the replicas have room for, at most 512."""
        # each input in flight holds a thread in this process
        width = {"max_concurrency": min(512, sum(place.room for place in self.places))}
        wide = [{**width, **one} for one in config] if isinstance(config, list) else {**width, **(config or {})}
        return super().batch(inputs, wide, return_exceptions=return_exceptions, **kwargs)  # type: ignore[arg-type]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._group.run(self._agenerate(messages, stop, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await self._group.ask(messages, self._ends(stop), self._options(kwargs), self._patience(kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in self._group.iterate(self._astream(messages, stop, **kwargs)):
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        chunks = self._group.stream(messages, self._ends(stop), self._options(kwargs), self._patience(kwargs))
        try:
            async for chunk in chunks:
                if run_manager:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        finally:
            # at once, so that the replica stops writing; garbage collection would come later
            await chunks.aclose()  # type: ignore[attr-defined]

    def _ends(self, stop: list[str] | None) -> list[str] | None:
        return stop if stop is not None else self.stop

    def _patience(self, of_call: dict[str, Any]) -> float | None:
        """Return the time limit of a call in seconds. It is enforced here too, because a call may wait for a replica."""
        return of_call.get("timeout", self.timeout)

    def _set(self) -> dict[str, Any]:
        return {name: value for name in PER_CALL if (value := getattr(self, name)) is not None}

    def _options(self, of_call: dict[str, Any]) -> dict[str, Any]:
        """Return the options for a replica: those of this model and the call that its model has a field for."""
        given = {**self._set(), **of_call}
        known = self._group.described.options
        return {name: value for name, value in given.items() if name not in PER_CALL or name in known}
