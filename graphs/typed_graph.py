"""The type of every compiled graph, which tells checkers and editors what `invoke` takes and returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from langgraph.graph.state import CompiledStateGraph

from ..nodes.state import TraceInput, TraceOutput, TraceState

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.types import Command, Interrupt

    class TraceReturn(TraceOutput, total=False):
        """`TraceOutput`. A run that pauses for a reviewer has `__interrupt__` and lacks what comes after the pause."""

        __interrupt__: Sequence[Interrupt]

    class TraceGraph(CompiledStateGraph[TraceState, Any, TraceInput, TraceOutput]):
        """A compiled graph of ours. LangGraph types the output of `invoke` as Any; here it is `TraceReturn`."""

        def invoke(  # type: ignore[override]
            self, input: TraceInput | Command[Any] | None, config: RunnableConfig | None = None, **options: Any
        ) -> TraceReturn:
            """Run the graph to its end or to a pause."""

        async def ainvoke(  # type: ignore[override]
            self, input: TraceInput | Command[Any] | None, config: RunnableConfig | None = None, **options: Any
        ) -> TraceReturn:
            """Run the graph to its end or to a pause."""
else:  # at run time there is only LangGraph's class
    TraceGraph: TypeAlias = CompiledStateGraph
    TraceReturn: TypeAlias = TraceOutput
