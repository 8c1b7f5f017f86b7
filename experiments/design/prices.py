"""Prices of models, from the configuration or from MLflow's catalog. An unknown price is never taken for 0."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .config import ModelConfig, Price

FREE = Price(input=0, output=0)

_CATALOGS = {
    "azure_openai": "azure",
    "google_genai": "gemini",
    "google_vertexai": "vertex_ai",
    "mistralai": "mistral",
    "together": "together_ai",
    "fireworks": "fireworks_ai",
}
"""Where LangChain's name of a provider differs from the catalog's."""


def price_of(model: ModelConfig) -> Price | None:
    """Return the price of a model; None if it is unknown.

    Models in this process cost nothing. A server given by `base_url` has an unknown price unless the configuration gives one,
    even if its model has the name of a priced one.
    """
    if model.price:
        return model.price
    if model.local:
        return FREE
    if model.base_url:
        return None
    provider, _, name = model.model.partition(":")
    entry = _catalog(_CATALOGS.get(provider, provider)).get(name)
    prices = (entry or {}).get("pricing") or {}
    used, made = prices.get("input_per_million_tokens"), prices.get("output_per_million_tokens")
    return None if used is None or made is None else Price(input=used, output=made)


def cost(price: Price | None, input_tokens: int, output_tokens: int, unknown: int = 0) -> float | None:
    """Return the cost in USD; None if the price or the tokens of a paid model are unknown.

    Args:
        price: price per million tokens.
        input_tokens: input tokens.
        output_tokens: output tokens.
        unknown: number of calls whose model reported no tokens.
    """
    if price is None or (unknown and price != FREE):
        return None
    return (price.input * input_tokens + price.output * output_tokens) / 1e6


@lru_cache(maxsize=32)
def _catalog(provider: str) -> dict[str, Any]:
    """Read the models of a provider without importing mlflow."""
    spec = find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        return {}
    path = Path(spec.submodule_search_locations[0]) / "utils" / "model_catalog" / f"{provider}.json"
    if not path.is_file():
        return {}
    return json.loads(path.read_text(encoding="utf-8")).get("models", {})
