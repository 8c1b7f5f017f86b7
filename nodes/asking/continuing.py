"""Which models can continue the beginning of a reply, and by which options they are told to."""

from __future__ import annotations

from typing import Any

_AS_IT_IS = ("ChatAnthropic", "ChatMistralAI", "ChatOllama")
"""LangChain classes whose providers continue a final assistant message by default. Our models set `continues = True`."""

_OPENAI_ITSELF = ("api.openai.com", "openai.azure.com")
"""Hosts that speak the same protocol as vLLM and SGLang but answer anew after a final assistant message."""


def continue_options(model: Any) -> dict[str, Any]:
    """Return the call options with which a model continues a final assistant message.

    Args:
        model: any chat model.

    Raises:
        ValueError: the model would write a new reply instead, and the hint would be lost without a word.
    """
    # by name: importing the providers' packages only for isinstance would make all of them dependencies
    kinds = {kind.__name__ for kind in type(model).__mro__}
    if kinds & set(_AS_IT_IS) or getattr(model, "continues", False):
        return {}
    base_url = str(getattr(model, "openai_api_base", None) or getattr(model, "base_url", None) or "")
    if "BaseChatOpenAI" in kinds and base_url and not any(host in base_url for host in _OPENAI_ITSELF):
        # without `add_generation_prompt: False` vLLM refuses the request: the two exclude each other there
        return {"extra_body": {"continue_final_message": True, "add_generation_prompt": False}}
    raise ValueError(
        f"{type(model).__name__} does not continue the beginning of a reply, which mode 'hint' needs; use a local model (hf:), "
        "a vLLM or SGLang server (--base-url), or another mode"
    )
