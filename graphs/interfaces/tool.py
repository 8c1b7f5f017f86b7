"""A graph as a tool of an agent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.errors import GraphBubbleUp
from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel, ConfigDict, Field

from ...foundation.lines import MAX_CHARACTERS
from ...foundation.redaction import Redactor
from ...nodes.asking.checkpointer import refuse_checkpointer
from ...nodes.asking.failures import explain, printable
from ...nodes.steps import number_steps

DESCRIPTION = (
    "Solve a self-contained problem that has one short final answer, such as a word problem in mathematics. A strong model "
    "plans the steps, a small model follows them, and the arithmetic is checked. Give the whole problem with all of its "
    "numbers: the tool sees nothing of this conversation. Call it once for each problem."
)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Names of functions that OpenAI's and Anthropic's servers accept."""

_SHORTEST = 100

_CHECKS = {
    "consistent": "the arithmetic of the solution holds",
    "inconsistent": "an equation of the solution is wrong; do not trust the answer",
    "unchecked": "nothing in the solution could be checked",
    "no_answer": "the solution gives no final answer; rephrase the problem or solve it otherwise",
    "timeout": "checking took too long; the answer is unchecked",
}


class ProblemToSolve(BaseModel):
    """Arguments of the tool."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(
        min_length=1, max_length=MAX_CHARACTERS, description="The whole problem in words, with every number that it needs."
    )


def as_tool(
    graph: CompiledStateGraph[Any, Any, Any, Any],
    *,
    name: str = "solve_with_steps",
    description: str = DESCRIPTION,
    max_characters: int = 2000,
) -> BaseTool:
    r"""Return one of our graphs as a tool for `create_agent` or any model that calls tools.

    The model gets the answer, the result of the check, the steps and the solution, cut to `max_characters`. The graph's whole
    output is the message's `artifact`. A failure becomes a tool message with status "error" and the reason. A review pauses
    the agent, and the agent's caller resumes it; the agent needs a checkpointer for that.

    Args:
        graph: a graph from one of the builders, without a checkpointer.
        name: name of the tool.
        description: description of the tool for the model.
        max_characters: maximum length of the message that the model gets.

    Raises:
        ValueError: the graph has a checkpointer, servers would refuse the name, or max_characters is below 100.

    Example:
        ```python
        from trace_of_thought import as_tool, build_baseline
        from trace_of_thought.models import ScriptedChatModel

        tool = as_tool(build_baseline("standard", ScriptedChatModel(script=["6 * 7 = 42\nAnswer: 42"])))
        assert tool.invoke({"question": "What is 6 * 7?"}).startswith("Answer: 42")
        ```
    """
    refuse_checkpointer(graph)
    if not _NAME.fullmatch(name):
        raise ValueError(f"name={name!r} is refused by model servers; use 1 to 64 letters, digits, _ and -")
    if max_characters < _SHORTEST:
        raise ValueError(f"max_characters={max_characters} leaves no room for an answer; use {_SHORTEST} or more")

    def call(question: str, config: RunnableConfig) -> tuple[str, dict[str, Any]]:
        try:
            output = graph.invoke({"question": question}, config)
        except GraphBubbleUp:  # an interrupt must reach the agent's graph, or the run would end instead of pausing
            raise
        except Exception as error:
            raise ToolException(_failure(error)) from error
        return tool_message(output, max_characters), output

    async def acall(question: str, config: RunnableConfig) -> tuple[str, dict[str, Any]]:
        try:
            output = await graph.ainvoke({"question": question}, config)
        except GraphBubbleUp:
            raise
        except Exception as error:
            raise ToolException(_failure(error)) from error
        return tool_message(output, max_characters), output

    return StructuredTool.from_function(
        call,
        acall,
        name=name,
        description=description,
        args_schema=ProblemToSolve,
        response_format="content_and_artifact",
        handle_tool_error=True,
        handle_validation_error=lambda error: f"The arguments are wrong: {error}. Give one field, question.",
    )


def tool_message(output: Mapping[str, Any], max_characters: int) -> str:
    """Return the message about a run: answer, check, error of a program, steps, solution.

    The answer is first, so that it is never cut off.

    Args:
        output: output of the graph.
        max_characters: maximum length of the message.
    """
    check = output["check"]["status"] if output["answer"] is not None else "no_answer"
    parts = [f"Answer: {output['answer'] or 'none found'}", f"Check: {_CHECKS.get(check, check)}"]
    if (program := output.get("program")) and program["error"]:
        parts.append(f"The program failed: {program['error']}")
    if steps := output.get("steps"):
        parts.append(f"Steps that were followed:\n{number_steps(steps)}")
    text = printable("\n".join([*parts, f"Solution:\n{output['solution']}"]))
    return text if len(text) <= max_characters else f"{text[: max_characters - 12]}\n[cut short]"


def _failure(error: Exception) -> str:
    """Return what happened, without secrets that a provider's message may repeat: the agent's model and its users read it."""
    return f"The problem could not be solved: {Redactor().text(explain(error))}"
