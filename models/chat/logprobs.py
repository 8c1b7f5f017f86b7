"""Log-probabilities of a reply's tokens, in the format of OpenAI and LangChain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..engine.incremental_text import REPLACEMENT, IncrementalText
from ..engine.requests import Likelihood


def logprobs_of(tokenizer: Any, tokens: Sequence[int], likelihoods: Sequence[Likelihood], text: str) -> dict[str, Any]:
    """Return `{"content": [{"token", "logprob", "bytes", "top_logprobs"}, ...]}`.

    Args:
        tokenizer: a tokenizer of transformers.
        tokens: token ids of the reply, without the end token.
        likelihoods: one for each token.
        text: the text that the reply shows; tokens after it belong to a stop string and are left out.
    """
    # decoded together, since a token alone may be part of a character
    so_far, length, content = IncrementalText(tokenizer), 0, []
    for token, likelihood in zip(tokens, likelihoods, strict=True):
        if length >= len(text):
            break
        length += len(so_far.feed(token))
        alternatives = [_entry(tokenizer, other, logprob) for other, logprob in likelihood.alternatives]
        content.append({**_entry(tokenizer, token, likelihood.logprob), "top_logprobs": alternatives})
    return {"content": content}


def _entry(tokenizer: Any, token: int, logprob: float) -> dict[str, Any]:
    text = tokenizer.decode([token], clean_up_tokenization_spaces=False)
    return {"token": text, "logprob": logprob, "bytes": _bytes(tokenizer, token, text)}


def _bytes(tokenizer: Any, token: int, text: str) -> list[int] | None:
    """Return the bytes of a token, which may be part of a character; None if the tokenizer does not reveal them."""
    if REPLACEMENT not in text:
        return list(text.encode())
    piece = tokenizer.convert_ids_to_tokens(token)
    if piece.startswith("<0x") and piece.endswith(">"):  # byte fallback of SentencePiece (Llama, Gemma)
        return [int(piece[1:-1], 16)]
    table = _byte_level()  # a byte-level vocabulary writes each byte as one printable character
    return [table[character] for character in piece] if all(character in table for character in piece) else None


@cache
def _byte_level() -> dict[str, int]:
    """Return the byte that each character stands for in byte-level vocabularies (GPT-2, Qwen, SmolLM)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}
