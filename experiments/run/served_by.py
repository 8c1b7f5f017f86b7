"""Note which replicas answered a problem's calls and what was lost with others, from the metadata of the replies."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult

from ..journal.records import Served


class ServedBy(BaseCallbackHandler):
    """Listens to the calls of one problem."""

    run_inline = True
    ignore_chain = True

    def __init__(self) -> None:
        self._replicas: dict[str, None] = {}
        self._lost_calls = self._lost_tokens = 0

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Note who gave a reply."""
        for generation in (one for batch in response.generations for one in batch):
            told = getattr(getattr(generation, "message", None), "response_metadata", {})
            if "replica" in told:
                self._replicas[f"{told['replica']} on {told['node']}"] = None
                self._lost_calls += told.get("lost_calls", 0)
                self._lost_tokens += told.get("lost_tokens", 0)

    @property
    def served(self) -> Served | None:
        """Return what the row keeps, None if no replica was asked."""
        if not self._replicas:
            return None
        lost = Served(lost_calls=self._lost_calls, lost_tokens=self._lost_tokens) if self._lost_calls else Served()
        return Served(replicas=list(self._replicas), **lost)
