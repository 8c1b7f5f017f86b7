"""Prices of models, from the configuration or from MLflow's catalog. An unknown price is None, never 0."""

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
"""LangChain's provider names where MLflow's catalog has another name for the file."""


def price_of(model: ModelConfig) -> Price | None:
    """Return the price of a model; None if it is unknown.

    Local and recorded models cost nothing. The price of a server given by `base_url` is known only from the configuration, even
    if its model has the name of a model in the catalog.
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
    # tokens that nobody counted have a known cost only if the model is free
    if price is None or (unknown and price != FREE):
        return None
    return (price.input * input_tokens + price.output * output_tokens) / 1e6


@lru_cache(maxsize=32)
def _catalog(provider: str) -> dict[str, Any]:
    """Return the catalog entries of a provider by model name; {} if there are none. Does not import mlflow, which is slow."""
    spec = find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        return {}
    # a private file of MLflow: where a version moves it, prices are unknown, and the run still works
    path = Path(spec.submodule_search_locations[0]) / "utils" / "model_catalog" / f"{provider}.json"
    if not path.is_file():
        return {}
    return json.loads(path.read_text(encoding="utf-8")).get("models", {})
