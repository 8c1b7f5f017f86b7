"""How likely the tokens of a text were, by one more look of OpenVINO at it: its batching tells only the chosen ones."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .requests import Likelihood
from .torch_scores import likelihoods

CHUNK_TOKENS = 256
"""Tokens of one pass, whose logits are in memory together: 150 MB with a vocabulary of 150,000."""


class OpenVinoScores:
    """Compiles the model when first asked, and keeps it: as much memory again as the engine's own weights.

    Args:
        folder: holds `openvino_model.xml`.
        properties: of OpenVINO, as the engine's.
    """

    def __init__(self, folder: Path, properties: dict[str, Any]) -> None:
        self._folder, self._properties = folder, properties
        self._lock = threading.Lock()
        self._request: Any = None

    def __call__(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        """Return the likelihood of each token, with the likeliest in its place."""
        text, found = prompt + tokens, []
        with self._lock:
            request = self._compiled()
            request.reset_state()
            for begin in range(0, len(text) - 1, CHUNK_TOKENS):
                end = min(begin + CHUNK_TOKENS, len(text) - 1)
                logits = torch.from_numpy(request.infer(_inputs(request, text, begin, end))[0][0])
                first = max(begin, len(prompt) - 1)
                if first < end:
                    found += likelihoods(logits[first - begin :], text[first + 1 : end + 1], alternatives)
        return found

    def _compiled(self) -> Any:
        if self._request is None:
            import openvino

            core = openvino.Core()
            model = core.read_model(self._folder / "openvino_model.xml")
            self._request = core.compile_model(model, "CPU", self._properties).create_infer_request()
        return self._request


def _inputs(request: Any, text: list[int], begin: int, end: int) -> dict[str, np.ndarray]:
    values: dict[str, np.ndarray] = {
        "input_ids": np.array([text[begin:end]], dtype=np.int64),
        "attention_mask": np.ones((1, end), dtype=np.int64),
        "position_ids": np.arange(begin, end, dtype=np.int64)[None],
        "beam_idx": np.zeros(1, dtype=np.int32),
    }
    names = {name for port in request.model_inputs for name in port.names}
    return {name: value for name, value in values.items() if name in names}
