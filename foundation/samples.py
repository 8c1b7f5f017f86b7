"""The sample that ships with the package: problems with decompositions that a teacher gave."""

from pathlib import Path

SAMPLE = Path(__file__).with_name("sample.jsonl")
