"""Evaluate plain arithmetic exactly. It has its own parser, because `eval` runs code and sympy takes milliseconds or more."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from fractions import Fraction

MAX_TOKENS = 60
# Larger powers would let a hostile response fill the memory with digits.
MAX_POWER = 20
MAX_BASE = 10**6
# Kinds of tokens: "1,234.5", "**", "(", ")", "%", "apples", "$".
_TOKEN = re.compile(
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)|(?P<operator>\*\*|[-+*/^])|(?P<open>[(\[])|(?P<close>[)\]])"
    r"|(?P<percent>%)|(?P<word>[A-Za-z_\\][\w'\\]*)|(?P<other>\S)",
)

# A number with its computation after it: "26 (40 - 14)".
_NUMBER_AND_WORK = re.compile(r"(-?[\d.,]+)\s+\(([\d\s.,%+*/^()-]*[-+*/^][\d\s.,%+*/^()-]*)\)")
# An equals sign, but not the one in "<=".
_EQUALS = re.compile(r"(?<![<>!])=")
# What does not belong to a value's equation any more: "because 3 + 4 = 7", and after a colon ": 3 + 4 = 7".
_REASON = r"\. |,? (?:because|since|porque|ya que|denn|weil|parce que|pois) |因为"
_ENDS = re.compile(_REASON)
_ENDS_OR_EXPLAINS = re.compile(rf"^(?! of\b)[^=:]{{0,60}}: |{_REASON}")
# Between a value and the equation that starts from it: 84 "muffins, and adding the single ones: 84 + 5 = 89".
_CONTINUES = re.compile(r"^[^=]*\b(?:plus|add(?:ing)?|minus|less|subtract(?:ing)?|taking|removing|then)\b[^=]*[:,]", re.I)
# After an operand: "+ 5 = 89", "muffins + 5 muffins = 89"; and after the last one: "muffins = 89".
_RESULT = r"=\s*[$€£]?(?P<result>\d[\d,]*(?:\.\d+)?)"
_OPERATED = re.compile(rf"(?:\s[a-z]+)?\s?[-+*/]\s?[$€£]?\d[^=;]{{0,60}}{_RESULT}")
_LAST_OPERAND = re.compile(rf"(?:\s[a-z]+)?\s?{_RESULT}")
# "5 + ".
_OPERATOR_BEFORE = re.compile(r"[\w)]\s?[-+*/]\s?[$€£]?$")


@dataclass(frozen=True)
class Token:
    """A token; `kind` is number, operator, open, close, percent, word or other."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Return the tokens of one side of an equation."""
    return [Token(match.lastgroup or "other", match[0], *match.span()) for match in _TOKEN.finditer(text)]


class NotArithmetic(ValueError):
    """The tokens are not an expression, or the expression is too large."""


def evaluate(tokens: list[Token], limit: int = MAX_TOKENS) -> Fraction:
    """Return the exact value of an expression of at most `limit` tokens: numbers, + - * / ^, parentheses and percent.

    Raises:
        NotArithmetic: the tokens are no such expression, divide by zero, or exceed the limits.
    """
    if not tokens or len(tokens) > limit or any(len(token.text) > 40 for token in tokens):
        raise NotArithmetic("too long or empty")
    parser = _Parser(tokens)
    value = parser.sum()
    if parser.peek() is not None:
        raise NotArithmetic("more follows")
    return value


class _Parser:
    """A recursive descent parser: sums of products of powers of signed atoms."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._place = tokens, 0

    def peek(self) -> Token | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _take(self, *texts: str) -> str | None:
        token = self.peek()
        if token is None or token.text not in texts:
            return None
        self._place += 1
        return token.text

    def sum(self) -> Fraction:
        value = self._product()
        while sign := self._take("+", "-"):
            right = self._product()
            value = value + right if sign == "+" else value - right
        return value

    def _product(self) -> Fraction:
        value = self._power()
        while True:
            token = self.peek()
            if self._take("*"):
                value *= self._power()
            elif self._take("/"):
                divisor = self._power()
                if not divisor:
                    raise NotArithmetic("division by zero")
                value /= divisor
            # "3(4 + 5)": a factor without a sign.
            elif token is not None and token.kind == "open":
                value *= self._power()
            else:
                return value

    def _power(self) -> Fraction:
        sign = self._sign()
        base = self._atom()  # the sign comes after the power: -3^2 is -9
        if not self._take("^", "**"):
            return sign * base
        exponent = self._signed()
        if exponent.denominator != 1 or abs(exponent) > MAX_POWER or abs(base) > MAX_BASE or (exponent < 0 and not base):
            raise NotArithmetic("power out of range")
        return sign * base ** int(exponent)

    def _signed(self) -> Fraction:
        return self._sign() * self._atom()

    def _sign(self) -> int:
        sign = 1
        while taken := self._take("-", "+"):
            sign = -sign if taken == "-" else sign
        return sign

    def _atom(self) -> Fraction:
        token = self.peek()
        if token is None or token.kind not in ("number", "open"):
            raise NotArithmetic("a number was expected")
        self._place += 1
        if token.kind == "number":
            value = Fraction(token.text.replace(",", ""))
        else:
            value = self.sum()
            if not self._take(")", "]"):
                raise NotArithmetic("a parenthesis is not closed")
        return value / 100 if self._take("%") else value


def is_explained(written: str) -> bool:
    """Return whether this is a number with its computation in parentheses: "26 (40 - 14)"."""
    match = _NUMBER_AND_WORK.fullmatch(written)
    if not match:
        return False
    try:
        return evaluate(tokenize(match[1])) == evaluate(tokenize(match[2]))
    except NotArithmetic:
        return False


def is_left_side(before: str, after: str, value: str, given: Container[Fraction]) -> int:
    """Tell how surely a value is only a step: 1 if it is a left side, 2 if a later equation starts from it, or 0.

    Args:
        before: the text before the value.
        after: the text after it.
        value: the value as it is written.
        given: values of the question; an equation that has one of them as its result is a check.
    """
    is_result = before.rstrip(" $€£").endswith("=")
    if (is_result or _CONTINUES.search(after)) and _goes_on(after, value.strip(), given):
        return 2
    ends = _ENDS if is_result else _ENDS_OR_EXPLAINS
    return int(_EQUALS.search(ends.split(after, maxsplit=1)[0]) is not None)


def _goes_on(after: str, value: str, given: Container[Fraction]) -> bool:
    """Return whether a later equation computes a new value from one before it, as "84 + 5 = 89" from 84."""
    at = after.find(value)
    before, rest = after[:at], after[at + len(value) :]
    if at < 0 or before[-1:].isdigit():
        return False
    found = _OPERATED.match(rest) or (_LAST_OPERAND.match(rest) if _OPERATOR_BEFORE.search(before) else None)
    return found is not None and Fraction(found["result"].replace(",", "")) not in given
