"""Cooperation with `mlflow.langchain.autolog`: no run is traced twice, and autolog's traces get our assessments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager
from langchain_core.runnables.config import ensure_config

from ..store import private

if TYPE_CHECKING:
    from mlflow.langchain.langchain_tracer import MlflowLangchainTracer


class Autolog:
    """MLflow's autologging of LangChain, which a traced block turns off while it runs."""

    def __init__(self) -> None:
        self._switch_on: Callable[[], None] | None = None

    def pause(self) -> None:
        """Stop autolog from adding its tracer to further runs."""
        self._switch_on = private.pause_autolog() or self._switch_on  # a second pause finds it off already

    def resume(self) -> None:
        """Switch it on again if `pause` switched it off."""
        if self._switch_on is not None:
            self._switch_on()
            self._switch_on = None


def stand_in_for_its_tracer(handler: type[BaseCallbackHandler]) -> None:
    """Register a handler class as a kind of autolog's tracer: autolog adds no tracer to a run that already has one."""
    if (tracer := private.langchain_tracer()) is not None:
        tracer.register(handler)


def tracer_here() -> MlflowLangchainTracer | None:
    """Return autolog's tracer if it traces the LangChain run around the caller, and therefore everything inside."""
    manager = ensure_config().get("callbacks") if private.is_langchain_traced() else None
    handlers = manager.handlers if isinstance(manager, BaseCallbackManager) else manager or []
    return next(filter(_is_its_tracer, handlers), None)


def _is_its_tracer(handler: BaseCallbackHandler) -> TypeGuard[MlflowLangchainTracer]:
    # Not `isinstance`: our own handler is registered as a subclass, but does not inherit from it.
    return private.langchain_tracer() in type(handler).__mro__
