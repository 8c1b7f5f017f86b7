"""Load prompt sets and fill in their placeholders. Start at `load_prompts`."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from .examples import FILE, Example, load_examples, read_text

BUNDLED = ("default", "plain")
"""The bundled sets: `default` asks for a final line "Answer: ...", `plain` (as in the paper) does not."""

FINAL_LINE = "Answer:"
"""How the last line of a reply begins where a prompt asks for one."""

_HERE = Path(__file__).parent
_SETTINGS = ("version", "base")
"""Text files of a set that are not prompts."""


def _placeholders(text: str) -> tuple[str, ...]:
    r"""Return the placeholders of a text in order. They consist of letters, so LaTeX such as `\frac{1}{2}` has none."""
    return tuple(dict.fromkeys(re.findall(r"\{([a-z_]+)\}", text)))


PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    file.stem: _placeholders(file.read_text(encoding="utf-8"))
    for file in sorted((_HERE / "default").glob("*.txt"))
    if file.stem not in _SETTINGS
}
"""The placeholders that each prompt must contain, as `{name}`: those of the bundled set `default`."""

_ALL_PLACEHOLDERS = sorted({name for names in PLACEHOLDERS.values() for name in names} | {"examples"})


@dataclass(frozen=True)
class PromptSet:
    """A complete set of prompts.

    Attributes:
        name: name of a bundled set, name of the folder, or the name given with a mapping.
        version: the content of `version.txt`, or "unversioned".
        texts: one template for each key of `PLACEHOLDERS`.
        borrowed: names of prompts that the set lacks. They come from `base`, with a warning when one is used.
        examples: few-shot examples; those of the bundled set `default` if the set has none. They are not part of `hash`,
            because they matter only with shots.
        base: the bundled set that lends prompts: the one that `base.txt` names, or "plain".
    """

    name: str
    version: str
    texts: Mapping[str, str] = field(repr=False)
    borrowed: tuple[str, ...] = ()
    examples: tuple[Example, ...] = field(default=(), repr=False)
    base: str = "plain"

    @property
    def hash(self) -> str:
        """SHA-256 of all texts, first 12 hexadecimal digits."""
        return hashlib.sha256(json.dumps(dict(self.texts), sort_keys=True).encode()).hexdigest()[:12]

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> PromptSet:
        """Return the set that `dataclasses.asdict` has turned into plain values, also after JSON or YAML has stored them."""
        examples = tuple(Example(**{**each, "steps": tuple(each["steps"])}) for each in values["examples"])
        return cls(**{**values, "borrowed": tuple(values["borrowed"]), "examples": examples})

    def fill(self, prompt: str, /, **values: str) -> str:
        """Return a prompt with its placeholders replaced.

        All are replaced in one pass, so braces in a question or in a model's reply are never taken for placeholders.

        Raises:
            KeyError: the set has no such prompt, or a value is missing.
        """
        if prompt in self.borrowed:
            _tell_once(
                f"prompt set {self.name!r} has no {prompt!r}; using that of {self.base!r} (base.txt can name another set)"
            )
        names = "|".join(placeholders_of(prompt))
        return re.sub(rf"\{{({names})\}}", lambda match: values[match[1]], self.texts[prompt])


def load_prompts(source: str | Path | Mapping[str, str] | PromptSet = "default", *, name: str = "custom") -> PromptSet:
    """Load a prompt set.

    Args:
        source: "default", "plain", a folder with one text file per prompt (`solve.txt`, ...), or a mapping of prompt names to
            texts. Missing prompts come from `plain`, or from the bundled set that the folder's `base.txt` names.
        name: name of a set that is given as a mapping.

    Raises:
        FileNotFoundError: the source is neither a bundled name nor a folder.
        ValueError: a prompt is unknown or lacks a required placeholder, or `base.txt` names no bundled set.
    """
    if isinstance(source, PromptSet):
        return source
    if isinstance(source, Mapping):
        return _complete(name, "unversioned", dict(source), "the mapping")
    folder = _HERE / source if str(source) in BUNDLED else Path(source)
    if not folder.is_dir():
        raise FileNotFoundError(f"no prompt set {str(source)!r}; use {', '.join(BUNDLED)} or a folder with {_files()}")
    # Editors add a final line break.
    texts = {file.stem: read_text(file).removesuffix("\n") for file in sorted(folder.glob("*.txt"))}
    version = texts.pop("version", "unversioned").strip()
    base = texts.pop("base", "plain").strip()
    if base not in BUNDLED:
        raise ValueError(f"{folder / 'base.txt'} names {base!r}; name one of {', '.join(BUNDLED)}")
    return _complete(folder.resolve().name, version, texts, str(folder), load_examples(folder / FILE), base)


def asks_for_line(texts: Iterable[str]) -> bool:
    """Return whether any prompt asks for a final line "Answer: ...": without one no reply can keep or break that format."""
    return any(FINAL_LINE in text for text in texts)


def placeholders_of(prompt: str) -> tuple[str, ...]:
    """Return the placeholders that a prompt must contain. A prompt of your own method must contain the question."""
    return PLACEHOLDERS.get(prompt, ("question",))


def _complete(
    name: str,
    version: str,
    texts: dict[str, str],
    where: str,
    examples: tuple[Example, ...] = (),
    base: str = "plain",
) -> PromptSet:
    """Check the texts and add missing prompts from a bundled set."""
    if not texts:
        raise ValueError(f"no prompts in {where}; it needs one or more of {_files()}")
    for prompt, text in texts.items():
        _check(prompt, text, where)
    borrowed = tuple(prompt for prompt in PLACEHOLDERS if prompt not in texts)
    if borrowed:
        if name == base:  # it would borrow from itself
            raise ValueError(f"the bundled set in {where} lacks {', '.join(f'{prompt}.txt' for prompt in borrowed)}")
        lent = load_prompts(base).texts
        texts = {**texts, **{prompt: lent[prompt] for prompt in borrowed}}
    return PromptSet(name, version, texts, borrowed, examples or load_examples(_HERE / "default" / FILE), base)


@cache  # a warning for each problem of a run would hide everything else
def _tell_once(message: str) -> None:
    logging.getLogger(__name__).warning(message)


def _check(prompt: str, text: str, where: str) -> None:
    """Refuse a prompt or placeholder that looks misspelt, because it would be ignored silently.

    Names that resemble no known one are allowed: they may be prompts of your own method, or LaTeX in braces.
    """
    if prompt not in PLACEHOLDERS and (near := get_close_matches(prompt, PLACEHOLDERS, 1, 0.8)):
        raise ValueError(f"unknown prompt {prompt!r} in {where}; did you mean {near[0]!r}? Known are {', '.join(PLACEHOLDERS)}")
    needed = placeholders_of(prompt)
    for placeholder in needed:
        if f"{{{placeholder}}}" not in text:
            raise ValueError(f"prompt {prompt!r} in {where} lacks {{{placeholder}}}")
    for placeholder in re.findall(r"\{([a-z_]+)\}", text):
        if placeholder not in needed and get_close_matches(placeholder, _ALL_PLACEHOLDERS, 1, 0.7):
            raise ValueError(f"prompt {prompt!r} in {where} mentions {{{placeholder}}}; it can mention {_braced(needed)}")


def _braced(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def _files() -> str:
    return ", ".join(f"{prompt}.txt" for prompt in PLACEHOLDERS)
