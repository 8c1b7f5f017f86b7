"""Find numbers as people write them: decimals, thousands, fractions, percent, money, words. Start at `find_quantities`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ...foundation.arguments import need_text

MAX_DIGITS = 200
MAX_TEXT = 20_000
_MAX_EXPONENT = 60  # 1e60 is enough; a larger power would fill the memory with digits

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve"
    " thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: value for value, word in enumerate(_ONES.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
# "half of", "a third remains".
_NAMED_PART = re.compile(r"\b(?:a (third|quarter|fifth)|(half))\b(?=\W*$|\s(?:of|is|are|was|remains?|full)\b)", re.I)
_PART_NAMES = ["half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"]
_FOREIGN_SCALES = {
    1000: "tausend mil mille mila тысяч тысячи тыс",
    10**4: "万 萬",
    10**6: "millionen mio millones milhões milioni millions миллион миллиона миллионов млн",
    10**8: "亿 億",
    10**9: "milliarden mrd milliards miliardi миллиард миллиарда миллиардов млрд",
}
_FOREIGN = {name: size for size, names in _FOREIGN_SCALES.items() for name in names.split()}
_FOREIGN_SCALE = "|".join(sorted((name for name in _FOREIGN if len(name) > 1), key=len, reverse=True))
_LETTERS = {"k": 1000, "m": 10**6, "b": 10**9, "bn": 10**9}  # after an amount of money: "$5k", "$3bn"
_PARTS = {"half": Fraction(1, 2), "quarter": Fraction(1, 4), "third": Fraction(1, 3), "fifth": Fraction(1, 5)}
_ANY_WORD = "|".join(sorted([*_WORDS, *_SCALES], key=len, reverse=True))

# "US$", "C$".
AMOUNT = rf"(?:\d{{1,9}}|(?:{_ANY_WORD})(?:[\s-](?:{_ANY_WORD}))?)"
"""A whole number below 100 in words, or in digits."""

_ABROAD = r"(?:US|CA|AU|NZ|HK|R|A|C|S)\$"
# "1,234.5", "3,5", "12", ".5".
_PLAIN = r"(?:\d{1,3}(?:,(?:\\!)?\d{3})+(?!\d|,\d)(?:\.\d+)?|\d+(?:,\d+)+|\d+(?:\.\d+)?|\.\d+)"
# The numerator or denominator of "\frac{3}{4}" or "\frac34".
_GROUP = r"(?:\{\s*-?\d+\s*\}|\s?\d)"
# Where a number can begin; a pattern that begins with one set of characters is found much faster than `_NUMBER`.
_BEGINS = re.compile(
    r"[-−$€£¥₹\d.\\befhmnostzBEFHMNOSTZACRUacru](?:(?<![A-Za-z])|(?=[A-Za-z]?\$)|(?<!\w.)(?i:(?<=o)ne|(?<=t)(?:w|h[rio]|en)"
    r"|(?<=f)[oi]|(?<=s)(?:i|ev)|(?<=e)[il]|(?<=[hmb])[ui]|(?<=n)i|(?<=z)er))",
    re.ASCII,
)
# In this order: "-$ 1 \frac{3}{4}"; "-$1,234.5" with an exponent, a fraction or a scale ("2 x 10^3", "1 1/2", "3 million");
# words ("twenty-five", "one and a half", "three quarters"). A minus sign counts only if no number stands before it.
_NUMBER = re.compile(
    rf"""(?=[-−$€£¥₹\d.\\]|{_ABROAD}|(?<!\w)(?:[zotfsenhmb]))(?:(?P<sign>(?<![\w)\]}}.])[-−](?!\s)|(?<![\w)\]}}.])(?<![A-Za-z]\s)[-−]\s)?
    (?P<money>(?:{_ABROAD}|[$€£¥₹])\s?(?P<inner>-(?=[\d.]))?)?
    (?:(?P<whole>\d+)(?:\s+|\s*-\s*and\s*|\s+and\s+)?)?\\[dt]?frac\s*(?P<up>{_GROUP})(?P<down>{_GROUP})
    |(?P<sign2>(?<![\w)\]}}.])[-−](?!\s)|(?<![\w)\]}}.])(?<![A-Za-z]\s)[-−]\s)?(?P<money2>(?:{_ABROAD}|[$€£¥₹])\s?(?P<inner2>-(?=[\d.]))?)?
    (?P<number>(?<![\d.]){_PLAIN})
    (?:(?P<exp>[eE][+-]?\d+)\b
      |\s*(?:\\times|\\cdot|\*|x)\s*10\s*\^\s*(?P<power>\{{?\s*-?\d+\s*\}}?)
      |(?:\s+(?:and\s+)?(?P<mixed_up>\d+))?/(?P<under>\d+(?![\d.,]*\d*\s*/))(?![\d]*[.]\d)
    )?
    (?P<scale>\s?(?:(?:thousand|million|billion)\b|(?:{_FOREIGN_SCALE})(?![A-Za-zÀ-ÿа-яё])|[万萬亿億])|(?-i:k)(?=\s[a-z]{{3}})|(?(money2)(?:k|m|b|bn)\b|(?!)))?
    |(?P<words>\b(?:{_ANY_WORD})(?:(?:\s|-|\sand\s)(?:{_ANY_WORD}))*\b)(?:\s+and\s+(?:a|one)\s+(?P<part>half|quarter|third)
      |(?<=three)[\s-](?P<fourths>quarters|fourths)\b|(?<=one)[\s-](?P<nth>half|third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\b
      |[\s-](?P<nths>halves|thirds|fifths|sixths|sevenths|eighths|ninths|tenths|elevenths|twelfths)\b)?)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_PERCENT = re.compile(r"\s?(?:\\?%|percent\b)")


@dataclass(frozen=True)
class Quantity:
    """A number in a text: its exact value and its place (`start`, `end`)."""

    value: Fraction
    start: int
    end: int
    money: str = ""
    percent: bool = False
    word: bool = False


def numbers_in(text: str) -> list[Fraction]:
    """Return the numbers in a text in order, as exact fractions: 15 for "15%", 2401/2 for "$1,200.50", 2 for "two".

    Only the first 20,000 characters and numbers of at most 200 digits are read.

    Raises:
        TypeError: the argument is no text.
    """
    need_text("text", text)
    return [quantity.value for quantity in find_quantities(text[:MAX_TEXT])]


def find_quantities(text: str) -> list[Quantity]:
    """Return the numbers in a text with their places, currency and percent signs."""
    return [found for match in _numbers(text) if (found := _quantity(match, text)) is not None]


def _numbers(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while begin := _BEGINS.search(text, place):
        place = begin.start() + 1
        if match := _NUMBER.match(text, begin.start()):
            yield match
            place = match.end()


def spoken_fraction(text: str) -> str | None:
    """Return the last "half of" or "a third of" in a text as "1/2" or "1/3"; None if there is none."""
    found = _NAMED_PART.findall(text)
    return f"1/{_PART_NAMES.index(''.join(found[-1]).lower()) + 2}" if found else None


def _quantity(match: re.Match[str], text: str) -> Quantity | None:
    if match.end() - match.start() > MAX_DIGITS:
        return None
    try:
        value = _spoken(match) if match["words"] else _written(match)
    except (ZeroDivisionError, OverflowError):
        return None
    if value is None:
        return None
    start = match.start()
    # "-five"
    if match["words"] and start and text[start - 1] == "-" and not text[start - 2 : start - 1].strip():
        value, start = -value, start - 1
    percent = _PERCENT.match(text, match.end())
    end = percent.end() if percent else match.end()
    money = (match["money"] or match["money2"] or "").rstrip("- ")
    return Quantity(value, start, end, money, bool(percent), bool(match["words"]))


def _written(match: re.Match[str]) -> Fraction | None:
    # "-$5" and "$-5" are negative, "-$-5" is not.
    negative = bool(match["sign"] or match["sign2"]) != bool(match["inner"] or match["inner2"])
    if match["up"]:
        up, down = (int(match[name].strip("{} ")) for name in ("up", "down"))
        value = int(match["whole"] or 0) + Fraction(up, down)
    else:
        number = _joined(match["number"])
        if number is None:
            return None
        value = Fraction(int(number)) if number.isdecimal() else Fraction(number)
        if match["under"]:
            value = (
                value + Fraction(int(match["mixed_up"]), int(match["under"]))
                if match["mixed_up"]
                else value / int(match["under"])
            )
        if power := match["exp"] or match["power"]:
            exponent = int(power.strip("eE{} "))
            if abs(exponent) > _MAX_EXPONENT:
                return None
            value *= Fraction(10) ** exponent
        if scale := match["scale"]:
            value *= (_SCALES | _LETTERS | _FOREIGN)[scale.strip().lower()]
    return -value if negative else value


def _joined(written: str) -> str | None:
    """Return a number without thousands separators. "3,5" is read as 3.5, and "1,2,3" is not a number."""
    if "," not in written:
        return written
    parts = written.replace("\\!", "").split(",")
    if all(len(part.partition(".")[0]) == 3 for part in parts[1:]) and len(parts[0]) <= 3:
        return "".join(parts)
    return ".".join(parts) if len(parts) == 2 and "." not in written else None


def _spoken(match: re.Match[str]) -> Fraction | None:
    # "two thousand three hundred five": `current` collects up to a scale, `total` the scaled groups.
    total = current = 0
    for word in re.split(r"[\s-]+", match["words"].lower()):
        if word in _WORDS:
            current += _WORDS[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
    if name := match["fourths"] or match["nth"] or match["nths"]:
        name = name.lower().rstrip("s").replace("halve", "half").replace("fourth", "quarter")
        return Fraction(total + current, _PART_NAMES.index(name) + 2)
    part = _PARTS[match["part"].lower()] if match["part"] else 0
    return Fraction(total + current) + part
