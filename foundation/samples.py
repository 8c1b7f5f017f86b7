"""The bundled sample: 40 problems with references and step lists written by hand."""

from pathlib import Path

SAMPLE = Path(__file__).with_name("sample.jsonl")
"""JSON Lines, read as problems (`question`, `reference`) and as recorded steps (`question`, `decomposition`)."""
