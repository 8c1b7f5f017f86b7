"""`mlflow.langchain.autolog` in the same application: no run is written twice, and its traces get our judgements."""

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
    """Autologging of LangChain, which a block switches off as long as it lasts."""

    def __init__(self) -> None:
        self._paused: dict[str, Any] | None = None

    def pause(self) -> None:
        """Let it add its tracer to no further run."""
        from mlflow.utils.autologging_utils import AUTOLOGGING_INTEGRATIONS, autologging_is_disabled

        if not autologging_is_disabled("langchain"):
            self._paused = AUTOLOGGING_INTEGRATIONS["langchain"]
            self._paused["disable"] = True

    def resume(self) -> None:
        """Switch it on again if `pause` switched it off."""
        if self._paused is not None:
            self._paused["disable"] = False
            self._paused = None


def stand_in_for_its_tracer(handler: type[BaseCallbackHandler]) -> None:
    """Make a handler that is passed as a callback count as autolog's tracer: it adds none where there is one."""
    from mlflow.langchain.langchain_tracer import MlflowLangchainTracer

    MlflowLangchainTracer.register(handler)


def tracer_here() -> MlflowLangchainTracer | None:
    """Return autolog's tracer if it traces the run of LangChain that the caller is in, and so what is run inside that."""
    manager = ensure_config().get("callbacks") if _MODULE in sys.modules else None
    handlers = manager.handlers if isinstance(manager, BaseCallbackManager) else manager or []
    return next(filter(_is_its_tracer, handlers), None)


def span_of(tracer: MlflowLangchainTracer, run: UUID) -> LiveSpan | None:
    """Return the span that autolog's tracer has open for a run."""
    opened = tracer._run_span_mapping.get(str(run))
    return opened.span if opened else None


def _is_its_tracer(handler: BaseCallbackHandler) -> TypeGuard[MlflowLangchainTracer]:
    from mlflow.langchain.langchain_tracer import MlflowLangchainTracer

    return MlflowLangchainTracer in type(handler).__mro__
