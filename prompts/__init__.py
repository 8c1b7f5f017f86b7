"""Prompt sets: folders of text files, chosen by name or path, identified by name, version and hash. Start at `load_prompts`."""

from .sets import BUNDLED, PLACEHOLDERS, PromptSet, load_prompts

__all__ = ["BUNDLED", "PLACEHOLDERS", "PromptSet", "load_prompts"]
