"""Units: the kind of quantity that they measure, and their size. Start at `read_unit`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache


@dataclass(frozen=True)
class Unit:
    """A kind of quantity, and the size of the unit relative to others of its kind. Different kinds are never equal."""

    kind: str
    size: Fraction


# One kind a line; each group is a size and its names. Sizes are exact, relative to the unit of size 1.
_TABLE = """
length | 1/1000 mm millimeter millimetre | 1/100 cm centimeter centimetre | 1 m meter metre | 1000 km kilometer kilometre
length | 127/5000 inch inches | 381/1250 ft foot feet | 1143/1250 yd yard | 201168/125 mi mile
mass | 1/1000000 mg milligram | 1/1000 g gram gramme | 1 kg kilogram kilo | 1000 tonne
weight | 1 oz ounce | 16 lb lbs pound | 32000 ton
volume | 1/1000 ml mL milliliter millilitre | 1 l L liter litre
capacity | 1 teaspoon tsp | 3 tablespoon tbsp | 48 cup | 96 pint | 192 quart | 768 gallon
time | 1 s sec second | 60 min minute | 3600 h hr hour | 86400 day | 604800 week
months | 1 month | 12 year yr | 120 decade | 1200 century centuries
money | 1/100 cent ¢ | 1 dollar usd buck $ us$
euro | 1 euro eur €
sterling | 1 £ gbp
angle | 1 rad radian
celsius | 1 °c celsius
fahrenheit | 1 °f fahrenheit
energy | 1 J joule | 1000 kJ
power | 1 W watt | 1000 kW kilowatt
force | 1 N newton
speed | 1397/3125 mph | 5/18 kph kmh
count | 1 piece | 12 dozen
"""
_CASED = {"m", "g", "s", "h", "l", "L", "J", "W", "N"}
"""Single letters that are units, only in this case: "5 g" may be grams, "5 G" is not."""
_MATH = frozenset(
    re.findall(
        r"\w+",
        "pi sqrt sin cos tan cot sec csc log ln exp lim mod gcd lcm max alpha beta gamma theta phi lambda sigma omega tau"
        " delta mu infty infinity times plus minus over squared cubed factorial divided multiplied frac cdot hundred"
        " thousand million billion or and is not equals dozen x y z i e to power root choose half halves third thirds"
        " quarter quarters 千 百 十 万 億 亿 萬",
    )
)
"""Words that compute or decide. A number does not count them."""
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
# Words after a number: "apples", "km/h", "red apples".
_WORDS = re.compile(r"(?:[^\W\d_]{2,}|[а-я\u3040-\u9fff\uac00-\ud7af])\.?(?:[\s/'-]+(?:[^\W\d_]+)\.?)*")
# A remark after a unit: "12 km (about 8 miles)" has digits and does not match, "12 km (in total)" does.
_PARENTHESIS = re.compile(r"\s*\([^()\d=+*]{1,40}\)$")


def _read_table() -> dict[str, Unit]:
    found = {}
    for line in filter(None, _TABLE.split("\n")):
        kind, *groups = (part.split() for part in line.split("|"))
        for size, *names in groups:
            found.update({name: Unit(kind[0], Fraction(size)) for name in names})
    return found


UNITS = _read_table()


@lru_cache(maxsize=4096)
def read_unit(text: str) -> Unit | None:
    """Return the unit in a text ("km", "square feet", "m^2", "miles per hour"); None if it is not a known unit."""
    text = re.sub(r"\^\s*\{?([23])\}?", r"^\1", text.strip(" .-)"))
    above, _, below = text.replace(" per ", "/").partition("/")
    upper = _powered(above.strip())
    if upper is None or not below:
        return upper
    lower = _powered(below.strip())
    if lower is None:
        return None
    if (upper.kind, lower.kind) == ("length", "time"):
        return Unit("speed", upper.size / lower.size)
    return Unit(f"{upper.kind}/{lower.kind}", upper.size / lower.size)


def _powered(text: str) -> Unit | None:
    words = text.split()
    power = _POWERS.get(words[0].lower().rstrip("."), 1) if words else 1
    name, _, exponent = (words[1] if power > 1 and len(words) == 2 else text).partition("^")
    if exponent and not exponent.isdigit():
        return None
    unit = _single(name.strip())
    power = int(exponent) if exponent.isdigit() else power
    if unit is None or (unit.kind, power) == ("length", 1):
        return unit
    if power == 1:
        return unit
    if unit.kind != "length":
        return None
    # A litre is 1/1000 of a cubic metre.
    return Unit("volume", unit.size**3 * 1000) if power == 3 else Unit("area", unit.size**2)


def _single(name: str) -> Unit | None:
    if len(name) == 1 and name.isalpha() and name.isascii():
        return UNITS.get(name) if name in _CASED else None
    low = name.lower().rstrip(".")
    return UNITS.get(name) or UNITS.get(low) or (UNITS.get(low.removesuffix("s")) if len(low) > 3 else None)


@lru_cache(maxsize=4096)
def counts_something(text: str) -> bool:
    """Return whether the text after a number only says what it counts: a known unit, or words that do not compute."""
    text = _PARENTHESIS.sub("", text.strip())
    if text[:1] in "-*/+" and not re.match(r"-[^\W\d_]{2}", text):
        return text == ""
    if text in ("", "%", "°", "'", '"', "$", "€", "£", "¢") or read_unit(text):
        return True
    if not _WORDS.fullmatch(text.lstrip("-").strip()):
        return False
    words = [word for word in re.split(r"[\s/'.-]+", text.lower()) if word]
    return len(words) <= 8 and (not set(words) & _MATH or words[0] == "dozen")


# "How many grams ...?", "... in metres?", "How long, in hours, is ...?"
_ASKED = re.compile(
    r"\bhow many\s+((?:square |cubic )?[a-z]+)|\bin\s+((?:square |cubic )?[a-z]+(?:\s+per\s+[a-z]+)?)\s*\)?\s*[?.]?\s*$"
    r"|\bin\s+((?:square |cubic )?[a-z]+),?\s+(?:is|are|does|do|did|will|would|can|if|when|after|given)\b",
    re.I,
)


@lru_cache(maxsize=512)
def asked_unit(question: str | None) -> Unit | None:
    """Return the unit that a question asks for ("how many grams", "... in metres?"); None if it leaves the unit open."""
    for groups in _ASKED.findall((question or "")[-1000:].strip()):
        for name in filter(None, groups):
            if unit := read_unit(name):
                return unit
    return None


def is_variable(letter: str, question: str | None) -> bool:
    """Return whether a question uses a letter as a variable, so that "5g" is not a number of grams."""
    # Next to an operator, "3g + 2", or alone, "g is".
    near = rf"(?:(?:[-+*=^(]|(?<![A-Za-z])/)\s*\d*{letter}(?![A-Za-z])|(?<![A-Za-z/])\d*{letter}\s*[-+*/=^)])"
    alone = rf"(?<!\d )(?<!\bin )(?<![\w'./$-]){letter}(?![\w'/.-]\w|\s\d)(?!\w)" if letter not in "aI" else r"(?!)"
    return bool(question and re.search(rf"{near}|\${letter}\$|\b(?:for|find|variable|of) {letter}\b|{alone}", question))
