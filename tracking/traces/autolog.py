"""Works with `mlflow.langchain.autolog` in the same application: no run is traced twice, and its traces get our assessments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeGuard
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager
from langchain_core.runnables.config import ensure_config

if TYPE_CHECKING:
    from mlflow.entities import LiveSpan
    from mlflow.langchain.langchain_tracer import MlflowLangchainTracer

_MODULE = "mlflow.langchain.langchain_tracer"


class Autolog:
    """MLflow's autologging of LangChain, which a traced block turns off while it runs."""

    def __init__(self) -> None:
        self._paused: dict[str, Any] | None = None

    def pause(self) -> None:
        """Keep autolog from adding its tracer to new runs."""
        from mlflow.utils.autologging_utils import AUTOLOGGING_INTEGRATIONS, autologging_is_disabled

        if not autologging_is_disabled("langchain"):
            self._paused = AUTOLOGGING_INTEGRATIONS["langchain"]
            self._paused["disable"] = True

    def resume(self) -> None:
        """Turn autolog on again if `pause` turned it off."""
        if self._paused is not None:
            self._paused["disable"] = False
            self._paused = None


def stand_in_for_its_tracer(handler: type[BaseCallbackHandler]) -> None:
    """Register a handler class as a virtual subclass of autolog's tracer: autolog adds none where it finds one already."""
    from mlflow.langchain.langchain_tracer import MlflowLangchainTracer

    MlflowLangchainTracer.register(handler)


def tracer_here() -> MlflowLangchainTracer | None:
    """Return autolog's tracer if it traces the LangChain run around the caller, else None."""
    # not imported yet means not active; importing it here would cost seconds
    manager = ensure_config().get("callbacks") if _MODULE in sys.modules else None
    handlers = manager.handlers if isinstance(manager, BaseCallbackManager) else manager or []
    return next(filter(_is_its_tracer, handlers), None)


def span_of(tracer: MlflowLangchainTracer, run: UUID) -> LiveSpan | None:
    """Return the open span of autolog's tracer for a run."""
    opened = tracer._run_span_mapping.get(str(run))
    return opened.span if opened else None


def _is_its_tracer(handler: BaseCallbackHandler) -> TypeGuard[MlflowLangchainTracer]:
    # not isinstance: our own handler is registered as a virtual subclass
    from mlflow.langchain.langchain_tracer import MlflowLangchainTracer

    return MlflowLangchainTracer in type(handler).__mro__
