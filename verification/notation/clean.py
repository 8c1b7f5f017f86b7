"""Normalise a response: plain characters, no Markdown, mathematics between ⟦ and ⟧, currency unchanged. Start at `clean`."""

from __future__ import annotations

import re
import unicodedata

from .layout import equations_marked, functions_marked, laid_out, signs_in_words
from .separators import english_numbers
from .spoken import SIGNALS, algebra_in_words

OPEN, CLOSE = "⟦", "⟧"

# Characters that models write in place of ASCII signs or LaTeX commands.
_SIGNS = {
    "×": "*", "÷": "/", "−": "-", "–": "-", "—": " - ", "∗": "*", "⋅": "*", "·": "*", "∙": "*",
    "’": "'", "‘": "'", "“": '"',
    "”": '"', "\u00a0": " ", "\u202f": " ", "\x00": " ", "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "∞": "\\infty ",
    "∪": "\\cup ", "∩": "\\cap ", "π": "\\pi ", "∈": "\\in ", "±": "\\pm ",
    "。": ".\n", "、": ", ", "‑": "-", "﹣": "-", "∶": ":", "⁄": "/",
    "≈": "\\approx ",
    "⟦": "(", "⟧": ")", "⟨": "(", "⟩": ")",
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
# "1⅔".
_OPERATORS = tuple("-+*/=(")
_MULTIPLIED = re.compile(r"\d\s+x\s*$")
_VULGAR = re.compile("(\\d[ \u00a0]?)?([¼½¾⅐-⅞↉])")
# "**12**", "__12__", but not "2**3".
_ANY_VULGAR = re.compile("[¼½¾⅐-⅞↉]")
_ANY_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]")
_SUBSCRIPT = re.compile("[₀-₉]+")
_SUPERSCRIPT = re.compile("⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_BOLD = {
    mark: re.compile(
        rf"{sign}(?:(?<=\s..)|(?<=[(:=$]..)|(?<=^..))(?=\S)([^*\n]{{1,400}}?)(?<=\S){sign}(?=[\s.,;:!?)%A-Za-z$]|$)", re.M
    )
    for mark, sign in (("**", r"\*\*"), ("__", "__"))
}
# ".5", but not "...5".
_BARE_POINT = re.compile(r"\.(?<![\w.,)]\.)(?=\d)")
# "*12*", but not "2 * 3 * 4".
_EMPHASIS = re.compile(r"\*(?<![\w*)\]}.]\*)(?=[\w$-])([^*\n=]{1,80}?)(?<=[\w.%!?])\*(?![\w*(])")
# "\[...\]", "\(...\)", "$$...$$".
_MATH = re.compile(r"(?<!\\)\\\[(.{1,1500}?)\\\]|(?<!\\)\\\((.{1,1500}?)\\\)|\$\$([^$]{1,1500}?)\$\$", re.S)
# "\begin{aligned}": rows of equations.
_ALIGNED = re.compile(r"\\(?:begin|end)\{(?:aligned|align\*?|gather(?:ed|\*)?|split)\}")
_BARE_MATRIX = re.compile(
    r"⟦[^⟧]*⟧|((?:\\left\s*[\[(|]\s*)?\\begin\{(?:[pbvBV]?(?:small)?matrix|array)\}.{1,800}?\\end\{\w+\}(?:\s*\\right\s*[\])|])?)",
    re.S,
)
"""A matrix that is not marked as mathematics, or anything that is already marked."""
# "$x + 1$"; after the second dollar no digit, as in "$5 and $6".
_INLINE = re.compile(r"\$(?<![\\\d].)(?=\S)([^$\n]{1,600})\$(?!\d)")
# LaTeX commands, which are no prose.
_TEXT_COMMAND = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox|operatorname)\s*\{[^{}]*\}|\\[A-Za-z]+")
# "apples and", "per": the text between two dollar signs is a sentence.
_PROSE = re.compile(r"[A-Za-z]{3,}[\s,]+[A-Za-z]{2,}|\b(?:and|for|per|each|from|by|on|of|is)\b")
# Characters whose presence means that there is something to clean.
_MARKS = re.compile(r"[^\x01-\x7f]|[`~|>\\$*_<{]|\[\[")
# "1,000", "15 000", "1.234".
_JOINED = re.compile(r"\d(?:[,' ]\d|\.\d{3})")
# Words that later steps rewrite.
_WORDS = (" equal", "half", "minus", "negative", "below", "sqrt", "pi", "sin", "cos", "tan", "log", "ln")
# Backticks, and GSM8K's calculator marks "<<3*4=12>>".
_DROPPED = re.compile(r"`|<<[^<>\n]{0,200}>>")
# Between digits they become a space: "12`3`" is not 123.
_BETWEEN_DIGITS = re.compile(rf"(?<=\d)(?:{_DROPPED.pattern})++(?=\d)")


def clean(text: str, *, below: bool = True, question: str | None = None) -> str:
    """Return the text with uniform signs, digits and math delimiters, and without Markdown.

    Args:
        text: a response.
        question: the problem; its language tells how the response writes numbers.
        below: whether "7 below zero" becomes -7; False if the question asks how far below.
    """
    # Nearly all short replies return here. Each further pass is guarded by a search for what it changes.
    if not _MARKS.search(text) and not _JOINED.search(text) and " ." not in text and text[:1] != ".":
        low = text.lower()
        if not any(word in low for word in _WORDS) and not any(word in low for word in SIGNALS):
            return equations_marked(text)
    if not text.isascii():
        text = plain_characters(text)
    text = laid_out(text)
    if "`" in text or "<<" in text:
        text = _DROPPED.sub("", _BETWEEN_DIGITS.sub(" ", text))
    for mark in ("**", "__"):
        for _ in range(2 * (mark in text)):  # twice, since marks may be nested
            text = _BOLD[mark].sub(r"\1", text)
    if "*" in text:
        text = _EMPHASIS.sub(r"\1", text)
    if "\\[" in text or "\\(" in text or "$$" in text:
        text = _MATH.sub(lambda match: _marked(next(group for group in match.groups() if group is not None)), text)
    if "$" in text:
        text = _INLINE.sub(_inline, text)
    if "\\begin{" in text:
        text = _BARE_MATRIX.sub(lambda match: f"{OPEN}{' '.join(match[1].split())}{CLOSE}" if match[1] else match[0], text)
    text = text.replace("\\$", "$").replace("\\%", "%")
    if " ." in text or text.startswith("."):
        text = _BARE_POINT.sub("0.", text)
    low = text.lower()
    text = signs_in_words(english_numbers(text, question or ""), low, below)
    if any(word in low for word in SIGNALS):
        text = algebra_in_words(text)
    return functions_marked(equations_marked(text))


def plain_characters(text: str) -> str:
    """Return a text with ASCII signs or LaTeX commands in place of the other characters that mean the same."""
    if _ANY_VULGAR.search(text):
        text = _VULGAR.sub(_fraction, text)
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    # The space of "36\\pi " must not keep a mark from closing: "**36π**".
    text = text.replace("\\pi *", "\\pi*")
    if _SUBSCRIPT.search(text):
        text = _SUBSCRIPT.sub(lambda match: "_" + match[0].translate(_SUBSCRIPTS), text)
    if _ANY_SUPERSCRIPT.search(text):
        text = _SUPERSCRIPT.sub(lambda match: "^{" + match[0].translate(_SUPERSCRIPTS) + "}", text)
    text = re.sub(r"√\s*\(([^()]*)\)|√\s*(\w+)", lambda match: "\\sqrt{" + (match[1] or match[2]) + "}", text)
    return "".join(map(_plain_character, text)) if not text.isascii() else text


def _fraction(match: re.Match[str]) -> str:
    """Convert "1⅔" to "1 2/3"."""
    written = unicodedata.normalize("NFKC", match[2]).replace("⁄", "/")
    return f"{match[1].strip()} {written}" if match[1] else written


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    if (category := unicodedata.category(character)) == "Cf":  # invisible characters
        return ""
    if (category == "So" and character != "°") or character == "\ufe0f":  # emoji and other symbols
        return " "
    if (digit := unicodedata.decimal(character, None)) is not None:  # digits of other scripts
        return str(digit)
    return unicodedata.normalize("NFKC", character) if "\uff00" <= character <= "\uffef" else character


def _marked(content: str) -> str:
    # Every row is a formula; "&" only aligns them.
    if _ALIGNED.search(content):
        rows = _ALIGNED.sub("", content).replace("&", "").split("\\\\")
        return "\n".join(_marked(row) for row in rows if row.strip())
    return f" {OPEN}{' '.join(content.split())}{CLOSE} "


def _inline(match: re.Match[str]) -> str:
    """Mark the text between two dollar signs as mathematics, unless it is prose or ends in an operator, as in "$5 and $6"."""
    content = match[1]
    if content[0].isdigit() and content[-1].isspace():
        return match[0]
    bare = _TEXT_COMMAND.sub("", content) if "\\" in content else content
    if (
        content.endswith("\\")
        or bare.rstrip().endswith(_OPERATORS)
        or (content.rstrip().endswith("x") and _MULTIPLIED.search(content))
        or _PROSE.search(bare)
    ):
        return match[0]
    return f"{OPEN}{content.strip()}{CLOSE}"
