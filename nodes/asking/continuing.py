"""Models that continue the beginning of a reply: which do, and how they are told."""

from __future__ import annotations

from typing import Any

_AS_IT_IS = ("ChatAnthropic", "ChatMistralAI", "ChatOllama")
"""LangChain's classes that continue a last assistant message without being told; others say `continues = True`."""

_OPENAI_ITSELF = ("api.openai.com", "openai.azure.com")


def continue_options(model: Any) -> dict[str, Any]:
    """Return the call options with which a model continues a last assistant message.

    Raises:
        ValueError: the model would answer anew instead.
    """
    kinds = {kind.__name__ for kind in type(model).__mro__}
    if kinds & set(_AS_IT_IS) or getattr(model, "continues", False):
        return {}
    base_url = str(getattr(model, "openai_api_base", None) or getattr(model, "base_url", None) or "")
    if "BaseChatOpenAI" in kinds and base_url and not any(host in base_url for host in _OPENAI_ITSELF):
        return {"extra_body": {"continue_final_message": True, "add_generation_prompt": False}}
    raise ValueError(
        f"{type(model).__name__} does not continue the beginning of a reply, which mode 'hint' needs; use a local model (hf:), "
        "a vLLM or SGLang server (--base-url), or another mode"
    )
