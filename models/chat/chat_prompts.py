"""Write messages as a prompt with the model's chat template."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jinja2 import TemplateError
from langchain_core.messages import AIMessage, BaseMessage, convert_to_openai_messages


def render(tokenizer: Any, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]] | None = None) -> str:
    """Return the prompt as text. It ends where the reply begins, or inside the reply if the last message is its beginning.

    Raises:
        ValueError: there are no messages, a message is not text, or the chat template is missing or refuses the messages.
    """
    if not messages:
        raise ValueError("no message was given; give at least one, as [('human', 'Hello')]")
    if not tokenizer.chat_template:
        raise ValueError(
            f"the tokenizer of {tokenizer.name_or_path!r} has no chat template; use an instruct version of the model, "
            "or set model.tokenizer.chat_template"
        )
    # the template expects plain dicts, with text as a string and not as a list of blocks
    turns = [_turn(turn) for turn in convert_to_openai_messages(list(messages), text_format="string")]
    try:
        ending = {"continue_final_message": True} if begun_by(messages) else {"add_generation_prompt": True}
        return tokenizer.apply_chat_template(turns, tools=tools or None, tokenize=False, **ending)
    except (TemplateError, TypeError) as error:  # templates refuse by raise_exception, or fail on a missing value
        roles = [turn["role"] for turn in turns]
        raise ValueError(
            f"the chat template of {tokenizer.name_or_path!r} refuses messages of roles {roles}: {error}"
        ) from error


def begun_by(messages: Sequence[BaseMessage]) -> str:
    """Return the beginning of the reply: the text of the last message if it is the assistant's, else ""."""
    last = messages[-1]
    # a message with tool calls is complete: the model answers after their results
    return last.text if isinstance(last, AIMessage) and not last.tool_calls and last.text.strip() else ""


def tokenize(tokenizer: Any, prompt: str) -> list[int]:
    """Return token ids. The template has written the special tokens; adding them would double the first one."""
    return tokenizer(prompt, add_special_tokens=False)["input_ids"]


def _turn(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content") or ""
    if not isinstance(content, str):
        kinds = sorted({block.get("type", "?") for block in content})
        raise ValueError(f"a {message['role']} message holds {', '.join(kinds)}; this model reads text only")
    turn = {**message, "content": content}
    if calls := message.get("tool_calls"):
        turn["tool_calls"] = [_with_plain_arguments(call) for call in calls]
    return turn


def _with_plain_arguments(call: dict[str, Any]) -> dict[str, Any]:
    """Return a tool call with its arguments as an object, as templates want them; OpenAI has them as JSON text."""
    arguments = call["function"]["arguments"]
    return {**call, "function": {**call["function"], "arguments": json.loads(arguments)}}
