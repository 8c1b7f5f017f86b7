"""Prompt sets: folders of text files, chosen by name or path and identified by name, version and hash."""

from .sets import BUNDLED, PLACEHOLDERS, PromptSet, load_prompts

__all__ = ["BUNDLED", "PLACEHOLDERS", "PromptSet", "load_prompts"]
