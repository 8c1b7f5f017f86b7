"""Use your own tracker: a LangChain callback handler sees every node and model call, without MLflow."""

import time
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

NODES = ("decompose", "review", "solve", "verify")


class Timeline(BaseCallbackHandler):
    """Prints the time of each node and the tokens of each model call."""

    run_inline = True

    def __init__(self) -> None:
        self.open: dict[UUID, tuple[str, float]] = {}

    def on_chain_start(self, serialized: Any, inputs: Any, *, run_id: UUID, name: str = "", **kwargs: Any) -> None:
        if name in NODES:
            self.open[run_id] = (name, time.perf_counter())

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if run_id in self.open:
            name, started = self.open.pop(run_id)
            print(f"{name:10} {1000 * (time.perf_counter() - started):6.1f} ms")

    def on_llm_end(self, response: Any, *, run_id: UUID, **kwargs: Any) -> None:
        used = response.generations[0][0].message.usage_metadata
        print(f"{'':10} {used['input_tokens']} + {used['output_tokens']} tokens")


teacher = ScriptedChatModel(script=["1. Multiply 6 by 4."])
student = ScriptedChatModel(script=["6 * 4 = 24\nAnswer: 24"])

if __name__ == "__main__":
    graph = build_trace_of_thought(teacher, student).with_config(callbacks=[Timeline()])
    graph.invoke({"question": "A box holds 6 eggs. How many eggs are in 4 boxes?", "reference": "24"})
