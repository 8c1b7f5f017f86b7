"""Read tool calls from a reply: JSON between `<tool_call>` and `</tool_call>`, the format of Hermes, Qwen and SmolLM."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from uuid import uuid4

from langchain_core.messages.tool import InvalidToolCall, ToolCall, invalid_tool_call, tool_call

# the closing tag may be missing, for example where max_tokens cut the reply off
BLOCK = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)


class ReadCalls(NamedTuple):
    """A reply's text without its tool calls, and the calls."""

    text: str
    calls: list[ToolCall]
    invalid: list[InvalidToolCall]


def read_tool_calls(text: str) -> ReadCalls:
    """Split a reply into text and tool calls. A block that cannot be read becomes an invalid call with the reason."""
    calls: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for block in BLOCK.findall(text):
        identity = f"call_{uuid4().hex[:16]}"
        try:
            name, arguments = _name_and_arguments(json.loads(block))
            calls.append(tool_call(name=name, args=arguments, id=identity))
        except (ValueError, RecursionError) as error:  # deeply nested JSON exceeds the recursion limit
            invalid.append(invalid_tool_call(name=None, args=block, id=identity, error=str(error)))
    return ReadCalls(BLOCK.sub("", text).strip() if calls or invalid else text, calls, invalid)


def _name_and_arguments(call: Any) -> tuple[str, dict[str, Any]]:
    """Return the name and the arguments of a call; some models write `parameters`, or the arguments as JSON text."""
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        raise ValueError("a tool call needs a name; the model wrote none")
    arguments = call.get("arguments", call.get("parameters")) or {}
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    if not isinstance(arguments, dict):
        raise ValueError(f"the arguments of {call['name']!r} are not an object")
    return call["name"], arguments
