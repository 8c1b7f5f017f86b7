"""Record which replicas answered the calls of a problem, from the metadata of their replies: `ServedBy`."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult

from ..journal.records import Served


class ServedBy(BaseCallbackHandler):
    """Callback handler for the run of one problem; it collects replicas and lost calls."""

    # called in the event loop and not in a thread pool: it is fast, and needs no lock
    run_inline = True
    # only the events of models matter
    ignore_chain = True

    def __init__(self) -> None:
        # a dict as an ordered set
        self._replicas: dict[str, None] = {}
        self._lost_calls = self._lost_tokens = 0

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Record the replica that gave a reply."""
        for generation in (one for batch in response.generations for one in batch):
            told = getattr(getattr(generation, "message", None), "response_metadata", {})
            if "replica" in told:
                self._replicas[f"{told['replica']} on {told['node']}"] = None
                self._lost_calls += told.get("lost_calls", 0)
                self._lost_tokens += told.get("lost_tokens", 0)

    @property
    def served(self) -> Served | None:
        """The value for the row; None if no replica answered."""
        if not self._replicas:
            return None
        lost = Served(lost_calls=self._lost_calls, lost_tokens=self._lost_tokens) if self._lost_calls else Served()
        return Served(replicas=list(self._replicas), **lost)
