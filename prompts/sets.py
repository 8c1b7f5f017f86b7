"""Load prompt sets and fill in their placeholders."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

BUNDLED = ("default", "plain")
"""The bundled sets: `default` asks for a final line "Answer: ...", `plain` (as in the paper) does not."""

PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "decompose": ("question",),
    "redecompose": ("question", "steps", "comment"),
    "solve": ("question", "steps"),
    "solve_step": ("question", "done", "step"),
    "retry": ("prompt", "reason"),
    "standard": ("question",),
    "chain_of_thought": ("question",),
    "plan_and_solve": ("question",),
}
"""The placeholders that each prompt must contain, as `{name}`."""

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class PromptSet:
    """A complete set of prompts.

    Attributes:
        name: name of a bundled set, name of the folder, or the name given with a mapping.
        version: the content of `version.txt`, or "unversioned".
        texts: one template for each key of `PLACEHOLDERS`.
        borrowed: names of prompts that the set lacks; they come from the bundled set `plain`.
    """

    name: str
    version: str
    texts: Mapping[str, str] = field(repr=False)
    borrowed: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over all texts, the first 12 hexadecimal digits."""
        return hashlib.sha256(json.dumps(dict(self.texts), sort_keys=True).encode()).hexdigest()[:12]

    def fill(self, prompt: str, /, **values: str) -> str:
        """Return a prompt with its placeholders replaced.

        All are replaced in one pass, so braces in a question or a model's reply are never taken for placeholders.

        Raises:
            KeyError: the set has no such prompt, or a value is missing.
        """
        names = "|".join(PLACEHOLDERS[prompt])
        return re.sub(rf"\{{({names})\}}", lambda match: values[match[1]], self.texts[prompt])


def load_prompts(source: str | Path | Mapping[str, str] | PromptSet = "default", *, name: str = "custom") -> PromptSet:
    """Load a prompt set.

    Args:
        source: "default", "plain", a folder with one text file per prompt (`solve.txt`, ...), or a mapping of prompt names to
            texts. Missing prompts come from `plain`.
        name: name of a set that is given as a mapping.

    Raises:
        FileNotFoundError: the source is neither a bundled name nor a folder.
        ValueError: a prompt is unknown or lacks a required placeholder.
    """
    if isinstance(source, PromptSet):
        return source
    if isinstance(source, Mapping):
        return _complete(name, "unversioned", dict(source), "the mapping")
    folder = _HERE / source if str(source) in BUNDLED else Path(source)
    if not folder.is_dir():
        raise FileNotFoundError(f"no prompt set {str(source)!r}; use {', '.join(BUNDLED)} or a folder with {_files()}")
    texts = {file.stem: file.read_text(encoding="utf-8").removesuffix("\n") for file in sorted(folder.glob("*.txt"))}
    version = texts.pop("version", "unversioned").strip()
    return _complete(folder.resolve().name, version, texts, str(folder))


def _complete(name: str, version: str, texts: dict[str, str], where: str) -> PromptSet:
    """Check the texts and add missing prompts from `plain`."""
    if not texts:
        raise ValueError(f"no prompts in {where}; it needs one or more of {_files()}")
    for prompt, text in texts.items():
        if prompt not in PLACEHOLDERS:
            raise ValueError(f"unknown prompt {prompt!r} in {where}; known are {', '.join(PLACEHOLDERS)}")
        for placeholder in PLACEHOLDERS[prompt]:
            if f"{{{placeholder}}}" not in text:
                raise ValueError(f"prompt {prompt!r} in {where} lacks {{{placeholder}}}")
    borrowed = tuple(prompt for prompt in PLACEHOLDERS if prompt not in texts)
    if borrowed:
        plain = load_prompts("plain").texts
        texts = {**texts, **{prompt: plain[prompt] for prompt in borrowed}}
    return PromptSet(name, version, texts, borrowed)


def _files() -> str:
    return ", ".join(f"{prompt}.txt" for prompt in PLACEHOLDERS)
