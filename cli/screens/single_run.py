"""Stream one run of a graph to the terminal. Start at `show`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...foundation.redaction import Redactor
from ...nodes.asking.failures import printable
from ...nodes.steps import number_steps

if TYPE_CHECKING:
    from rich.console import Console

_NO_STREAM = "No generations found in stream"
"""LangChain's error message if a server answers a streamed call with an ordinary reply."""

# The model that each node calls, for its line of tokens.
ROLES = {"decompose": "teacher", "hint": "teacher", "teacher": "teacher", "solve": "student"}


def show(graph: Any, given: Any, console: Console, config: Any = None) -> dict[str, Any]:
    """Run a graph and print each node's result; the student's text streams token by token.

    Returns:
        The merged state updates; `__interrupt__` is present if the run paused for review.
    """
    try:
        return _streamed(graph, given, console, config, ["messages", "updates"])
    except Exception as error:
        if _NO_STREAM not in str(error):
            raise
    console.print("note: the server does not stream; replies appear when they are complete", style="yellow")
    return _streamed(graph, given, console, config, ["updates"])


def _streamed(graph: Any, given: Any, console: Console, config: Any, modes: list[str]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    speaking = held = ""
    redactor = Redactor()
    for kind, data in graph.stream(given, config, stream_mode=modes):
        if kind == "messages":
            chunk, meta = data
            # The decompose node streams as well, but its reply is shown as parsed steps when the node ends.
            if meta["langgraph_node"] == "solve":
                if speaking != "solve":
                    console.print("\nSolution", style="bold")
                speaking = "solve"
                # Print whole words only: a key that arrives in two tokens would not be recognised and redacted.
                *words, held = re.split(r"(?<=\s)", held + chunk.text)
                console.print(printable(redactor.secrets("".join(words))), end="", soft_wrap=True)
            continue
        # A node has ended: print the last word.
        console.print(printable(redactor.secrets(held)), end="", soft_wrap=True)
        held = ""
        for node, update in data.items():
            if node == "__interrupt__":
                state[node] = update
                continue
            state |= update or {}
            if node == "solve" and "messages" not in modes:  # nothing was streamed
                console.print("\nSolution", style="bold")
                console.print(printable(update["solution"]), end="", soft_wrap=True)
            _show_node(node, update or {}, console)
            speaking = node
    return state


def _show_node(node: str, update: Mapping[str, Any], console: Console) -> None:
    """Print what a node returned."""
    if node == "decompose":
        _show_steps("Steps", update, console)
        for flag in update["flags"]:
            console.print(printable(f"! {flag['kind']}: {flag['detail']}"), style="yellow")
        if refused(update):
            console.print("warning: the teacher gave no plan; the student solves without one", style="bold yellow")
    elif node == "review" and update:
        _show_steps(f"Steps after review ({update['reviews'][-1]['decision']})", update, console)
    elif node == "hint":
        console.print("\nHint", style="bold")
        console.print(printable(update["hint"]), soft_wrap=True)
    elif node == "teacher":
        console.print("\nThe teacher's solution", style="bold")
        console.print(printable(update["solution"]), soft_wrap=True)
    elif node == "escalate" and update:
        reached = update["escalations"][-1]
        console.print(printable(f"! next rung: {reached['rung']}, since {reached['reason']}"), style="yellow")
    elif node == "solve":
        console.print()
        if program := update.get("program"):
            console.print(
                printable(f"! the program failed: {program['error']}" if program["error"] else f"Value: {program['value']}")
            )
        if any(solution["finish_reason"] == "length" for solution in update["solutions"]):
            console.print("! the student reached its token limit; raise --max-tokens", style="yellow")
    elif node == "verify":
        _show_verdict(update, console)
    if node in ROLES and (used := update["usage"].get(ROLES[node])):
        count = f"{used['input_tokens']:,} + {used['output_tokens']:,} tokens"
        console.print(f"[{ROLES[node]}: {count if not used['unknown'] else 'tokens unknown'}]", style="dim")


def refused(state: Mapping[str, Any]) -> bool:
    """Return whether the teacher refused to plan, or said nothing."""
    return any(flag["kind"] in ("refusal", "empty") for flag in state.get("flags") or [])


def _show_steps(title: str, update: Mapping[str, Any], console: Console) -> None:
    console.print(f"\n{title}", style="bold")
    console.print(printable(number_steps(update["steps"])) or "(none)", soft_wrap=True)


def _show_verdict(update: Mapping[str, Any], console: Console) -> None:
    """Print the answer and its status, and why there is another attempt."""
    console.print("\nAnswer", style="bold", end="")
    console.print(f"  {printable(update['answer'] or '(none found)')}")
    summary = update["check"]["summary"].rstrip(".")
    console.print("Status", style="bold", end="")
    console.print(f"  {update['status']}" + (f"  ({printable(summary)})" if summary else ""))
    if update["retry_reason"]:
        console.print(f"Retrying: {printable(update['retry_reason'])}", style="yellow")
