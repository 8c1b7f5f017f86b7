"""The driver of plans. A plan is a generator that yields prompts, receives replies and returns the update of the state.

One driver runs every plan with `invoke` and `ainvoke`. No node needs a second copy for async callers, and streaming, interrupts
and the counting of tokens are handled in one place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import get_executor_for_config

from ...foundation.encodable import encodable, encodable_values
from ...foundation.redaction import Redactor
from ..state import Role, RoleUsage, TraceState, Usage, add_usage
from .continuing import continue_options
from .failures import ModelError, advice, explain, first
from .messages import FINISH_KEYS, Ask, Plan, Reply, tokens_of, with_text

_LONGEST_REASON = 100
"""Characters of a finish reason that are kept; a server may send a text of any length."""

_OPTIONS = ("temperature", "seed", "logprobs", "wants")
"""Call options that a plan may set. A model gets only those that it has a field for: many providers refuse unknown ones."""


_GAVE_UP = "the model's client gave up the call"


class ModelNode(Runnable[TraceState, dict[str, Any]]):
    """Runs a plan over the state with a model, and adds the tokens of the role to the state's `usage`.

    Prompts that a plan yields together are sent together: as tasks under `ainvoke`, in threads under `invoke`. An error of the
    model becomes a `ModelError` that names the role, the model and the problem.

    Args:
        plan: takes the state and returns the generator.
        model: any chat model.
        role: "teacher" or "student", for `usage` and messages.
        starts: takes the state and returns whether this node begins a run, so that usage is counted from zero.
    """

    def __init__(
        self,
        plan: Callable[[TraceState], Plan],
        model: BaseChatModel,
        role: Role,
        starts: Callable[[TraceState], bool] = lambda state: False,
    ) -> None:
        self.plan = plan
        self.model = model
        self.role = role
        self.starts = starts
        known = getattr(type(model), "model_fields", {})
        self._options = {name for name in _OPTIONS if name in known}

    def invoke(self, input: TraceState, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        """Run the plan; several prompts at once are sent from threads."""
        steps = self._begin(input)
        while asks := steps.asks:
            steps.take(self._whole(self._ask_all(asks, config), input, steps))
        return steps.update

    async def ainvoke(self, input: TraceState, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        """Run the plan; several prompts at once are sent as tasks."""
        steps = self._begin(input)
        while asks := steps.asks:
            messages = self._whole(await self._aask_all(asks, config), input, steps)
            await asyncio.to_thread(steps.take, messages)  # comparing the samples' answers may take seconds
        return steps.update

    def _begin(self, state: TraceState) -> _Steps:
        """Start the plan and run it up to its first prompts."""
        return _Steps(self.plan(state), self.role, {} if self.starts(state) else state.get("usage"))

    def _ask_all(self, asks: list[Ask], config: RunnableConfig | None) -> list[BaseMessage | Exception]:
        if len(asks) == 1:
            return [self._call(asks[0], config)]
        with get_executor_for_config(config) as pool:
            # a copy of the context for each thread: LangChain's callbacks and LangGraph's writer live in context variables,
            # and one context cannot be entered twice at the same time
            calls = [pool.submit(copy_context().run, self._call, ask, config) for ask in asks]
            return [call.result() for call in calls]

    def _call(self, ask: Ask, config: RunnableConfig | None) -> BaseMessage | Exception:
        """Return the reply, or the error instead of raising it: the tokens of the other samples must still be counted."""
        try:
            return with_text(self.model.invoke(_messages(ask), config, **self._known(ask)))
        except asyncio.CancelledError:  # of the model's own event loop: nobody can cancel a thread
            return ConnectionError(_GAVE_UP)
        except Exception as error:
            return error

    async def _aask_all(self, asks: list[Ask], config: RunnableConfig | None) -> list[BaseMessage | Exception]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._acall(ask, config)) for ask in asks]
        return [task.result() for task in tasks]

    async def _acall(self, ask: Ask, config: RunnableConfig | None) -> BaseMessage | Exception:
        try:
            return with_text(await self.model.ainvoke(_messages(ask), config, **self._known(ask)))
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            return ConnectionError(_GAVE_UP)
        except Exception as error:
            return error

    def _whole(self, found: list[BaseMessage | Exception], state: TraceState, steps: _Steps) -> list[BaseMessage]:
        """Return the messages. If a call failed, count the tokens of all calls and raise the first failure."""
        failed = [error for error in found if isinstance(error, Exception)]
        messages = [message for message in found if not isinstance(message, Exception)]
        if not failed:
            return messages
        steps.count([tokens_of(message) for message in messages])
        # a reply that was refused (empty, malformed) was billed all the same; its error carries the tokens
        steps.count([error.tokens for error in failed if getattr(error, "tokens", None)])  # type: ignore[attr-defined]
        raise self._failure(failed[0], state, steps.usage) from first(failed[0])

    def _known(self, ask: Ask) -> dict[str, Any]:
        """Leave out the options that this model has no field for."""
        known = {name: value for name, value in ask.options.items() if name in self._options}
        return known | (continue_options(self.model) if ask.beginning else {})

    def _failure(self, error: Exception, state: TraceState, usage: Usage) -> ModelError:
        """Return the error that the caller sees: what happened, what to do, which model, which problem."""
        asked = f"while asking the {self.role} {_shown(model_name(self.model))!r} about {state['question'][:120]!r}"
        return ModelError("; ".join(part.rstrip(".") for part in (explain(error), advice(error), asked) if part), usage)


class _Steps:
    """A plan in progress: its pending asks, its final update, the usage so far."""

    def __init__(self, plan: Plan, role: Role, before: Usage | None) -> None:
        self._plan = plan
        self._before = before
        self._role = role
        self._redactor = Redactor()  # a server may repeat its key, and replies are kept, published and shown
        self._own = RoleUsage(calls=0, input_tokens=0, output_tokens=0, unknown=0)
        self.update: dict[str, Any] = {}
        self.asks: list[Ask] = []
        self._advance(None)

    @property
    def usage(self) -> Usage:
        return add_usage(self._before, {self._role: self._own})

    def take(self, messages: list[BaseMessage]) -> None:
        self.count([tokens_of(message) for message in messages])
        self._advance([_reply(message, ask, self._redactor) for message, ask in zip(messages, self.asks, strict=True)])

    def count(self, calls: list[tuple[int, int] | None]) -> None:
        """Add calls with their input and output tokens; None is a call whose model reported none."""
        for tokens in calls:
            used, made = tokens or (0, 0)
            self._own["calls"] += 1
            self._own["unknown"] += tokens is None
            self._own["input_tokens"] += used
            self._own["output_tokens"] += made

    def _advance(self, replies: list[Reply] | None) -> None:
        try:
            self.asks = self._plan.send(replies)  # type: ignore[arg-type]
        except StopIteration as end:
            self.asks = []
            self.update = {**end.value, "usage": self.usage}


def _messages(ask: Ask) -> str | list[BaseMessage]:
    """Return a single prompt as text, and few-shot turns or a beginning to continue as chat messages."""
    if not ask.turns and not ask.beginning:
        return encodable(ask.prompt)
    messages: list[BaseMessage] = []
    for user, assistant in ask.turns:
        messages += [HumanMessage(user), AIMessage(assistant)]
    messages.append(HumanMessage(ask.prompt))
    messages += [AIMessage(ask.beginning)] if ask.beginning else []
    return [message.model_copy(update={"content": encodable_values(message.content)}) for message in messages]


def _reply(message: BaseMessage, ask: Ask, redactor: Redactor) -> Reply:
    """Return what the plan gets: text, finish reason, log-probabilities."""
    meta = message.response_metadata if isinstance(message, AIMessage) else {}
    reasons = (meta.get(key) for key in FINISH_KEYS)
    text = redactor.secrets(encodable(str(message.text) or str(message.additional_kwargs.get("refusal") or "")))
    if ask.beginning and not text.startswith(ask.beginning):  # some servers repeat what they continue
        text = ask.beginning + text
    reason = next((reason for reason in reasons if reason), None)
    return Reply(text, None if reason is None else encodable(str(reason))[:_LONGEST_REASON], _logprobs(meta.get("logprobs")))


def _logprobs(found: Any) -> tuple[tuple[str, float], ...]:
    """Read log-probabilities in OpenAI's format; malformed ones count as none."""
    content = found.get("content") if isinstance(found, dict) else None
    try:
        return tuple((encodable(str(token["token"])), float(token["logprob"])) for token in content or ())
    except (TypeError, KeyError, ValueError):
        return ()


def _shown(name: str) -> str:
    """Drop the folders of a local model's name: a server's clients see this message, and need not see its paths."""
    return Path(name).name if Path(name).is_absolute() else name


def model_name(model: Any) -> str:
    """Return the name of a chat model for messages and tables; its class if it has none."""
    for key in ("model_name", "model", "model_id"):
        if isinstance(name := getattr(model, key, None), str) and name:
            return name
    return type(model).__name__
