"""Which value of a concluding statement is the claim: the asked quantity, not what is restated beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from .quantities import Quantity, find_quantities
from .references import braced
from .statements import Statement, asked_words, content_words
from .values import exact_values, tidy

MAX_NUMBERS = 60
_COPULA = re.compile(
    r"(?:\bis\b|\bare\b|\bwas\b|\bbe\b|\bequals?\b|\bto\b|\bby\b|\bget\b|\bas\b|\bhave\b|\bhas\b|:|=|⟹|\\Rightarrow)\s*$", re.I
)
_BEFORE_RESTATED = re.compile(
    r"\b(?:in|after|over|within|for|of|by|with|than|when|if|since|from|on|among|every|each|per|out of"
    r"|until|during|while|the|at|all|using|those|these|buying|into|first|pays?)\s*(?:a |the |an |his |her |their )?$",
    re.I,
)
_SUBORDINATE = re.compile(r"(?:^|\W)(?:if|when|since|because|given|after|with)\s[^,]*$", re.I)
_TOTAL_OF = re.compile(
    r"\b(?:total|price|speed|average|distance|cost|pace|sum|profit|rate|amount|length|width|height|area|maximum|minimum|value|score|age)"
    r" of(?: about| approximately)?\s*$",
    re.I,
)
_DURATION = re.compile(r"\d+ hours? (?:and )?\d+ minutes?", re.I)
_RATIO = re.compile(r"(?<![\d:])\d{1,9}\s?:\s?\d{1,9}(?![\d:])")
_SOLUTIONS = re.compile(r"\b([a-z])\s*=\s*-?[\d./]+(?:(?:,|,?\s*(?:or|and))\s*\1\s*=\s*-?[\d./]+)+")
_EQUIVALENT = re.compile(
    r"^\s*(?:\w+\s+){0,3}?(?:or|,? or|,? which is(?: equal to| equivalent to)?|,? i\.e\.,?|\(or|\(|=|equivalent to)\s*$", re.I
)
_EXPRESSION = re.compile(
    r"(?:\([^()\s]{1,40},\s?[^()\s]{1,40}\)|[\[(]\s*-?(?:\\?\w+|\d[\d./]*)\s*,\s*-?(?:\\?\w+|\d[\d./]*)\s*[\])](?:\s*(?:\\cup|U)\s*[\[(][^()\[\]]*[\])])*"
    r"|\{[^{}]{1,80}\}"
    r"|(?!\s)[-+]?(?:\\[a-z]+(?:\{[^{}]*\})*|\d+[a-z](?:\^\d+)?(?![A-Za-z])|\d+(?:\.\d+)?|\b[a-zA-Z]\b|[()^*/+=<>{}!-]|\\[a-z]+|sqrt|\d?[a-z]\^\d+|\d+[a-z]\b|\s(?=[-+*/^=<>\\(\d]|[a-z]\b)){2,})"
)
_STEP_NAMES = re.compile(r"\b(?:from |in )?(?:steps?|equations?)\s+[#(]?\d+\)?(?:\s*(?:,|and|-|to|through|or)\s*\d+)*", re.I)
_WORD_ANSWER = re.compile(r"\bis\s+(?:an?\s+)?([A-Za-z][A-Za-z ]{0,30})[.!]?$")


@dataclass(frozen=True)
class Candidate:
    """A value that a statement could claim."""

    text: str
    score: float
    start: int = 0
    quantity: Quantity | None = None


def choose_claim(statement: Statement, question: str | None) -> list[str]:
    """Return the claim of a statement and, after it, restatements of the same answer; empty if it claims nothing."""
    text = _STEP_NAMES.sub(" ", statement.claim.strip())
    if "\\boxed" in text and not (re.search(r"how many", asked_words(question)[0], re.I) and text.count("\\boxed") > 1):
        return _boxes(text)
    if statement.source in ("answer_line", "final_line"):
        bare = tidy(text)
        if exact_values(bare) or (
            len(bare) <= 60 and not re.search(r"[A-Za-z]{3,}\s+[A-Za-z]{2,}", re.sub(r"\\[a-z]+", "", bare))
        ):
            return [_right_side(bare, question)]
    candidates = _candidates(text, question)
    if not candidates:
        word = _WORD_ANSWER.search(text[-200:])
        return [word[1]] if word and statement.source != "last_statement" else []
    best = max(candidates, key=lambda candidate: candidate.score)
    return [best.text, *_restatements(text, best, candidates)]


def _boxes(text: str) -> list[str]:
    starts = [match.end() for match in re.finditer(r"\\boxed|\\fbox", text[:4000])][-5:]
    contents = [content for start in starts if (content := braced(text, start))]
    between = re.split(r"\\boxed|\\fbox", text)[1:-1]
    if len(contents) > 1 and all(re.search(r"(?:,|\band\b|\bor\b)[^A-Za-z]*$", part) for part in between):
        return [", ".join(contents)]
    return [contents[-1]] if contents else []


def _candidates(text: str, question: str | None) -> list[Candidate]:
    asking, asked = asked_words(question)
    known = _known(question)
    text = text[:2000]
    found, segments = [], []
    for match in re.finditer(r"⟦([^⟧]*)⟧(?:\s*(?:\\cup|U|or|and)\s*⟦[^⟧]*⟧)*", text):
        segments.append(match.span())
        found.append(_segment(match, text, question or "", known))
    outside = (
        "".join(" " if any(a <= place < b for a, b in segments) else sign for place, sign in enumerate(text))
        if segments
        else text
    )
    for match in _EXPRESSION.finditer(outside):
        if re.search(r"[A-Za-z\\(\[{^]", match[0]) and re.search(r"[a-z\d]", match[0], re.I) and not exact_values(match[0]):
            if re.fullmatch(r"\W*[A-Za-z]\W*|\(\s*\$?[\d.,]+\s*\)|[^=]*=\s*\$?-?[\d.,]*\s*", match[0].strip()) or re.search(
                r"[-+*/=]\s*\$?$|^[-+*/]\s", match[0].strip()
            ):
                continue
            segments.append(match.span())
            found.append(_expression(match, outside, question or ""))
    for match in _SOLUTIONS.finditer(outside):
        segments.append(match.span())
        found.append(Candidate(", ".join(re.findall(r"=\s*(-?[\d./]+(?<!\.))", match[0])), 4.0, match.start()))
    for match in _RATIO.finditer(outside if re.search(r"\bratio\b", f"{text} {asking}", re.I) else ""):
        segments.append(match.span())
        found.append(Candidate(match[0], 2.5 - 2.5 * ((question or "").count(match[0]) > 0), match.start()))
    for match in _DURATION.finditer(outside):
        segments.append(match.span())
        found.append(Candidate(match[0], 2.0 - 2.5 * _in_parentheses(outside[: match.start()]), match.start()))
    for quantity in find_quantities(outside)[-MAX_NUMBERS:]:
        if not any(a <= quantity.start < b for a, b in segments):
            found.append(_number(quantity, outside, asking, asked, known))
    return [candidate for candidate in found if candidate.text]


@lru_cache(maxsize=512)
def _known(question: str | None) -> frozenset[Fraction]:
    return frozenset(quantity.value for quantity in find_quantities((question or "")[-4000:]))


def _segment(match: re.Match[str], text: str, question: str, known: frozenset[Fraction]) -> Candidate:
    before, content = text[: match.start()], match[0].replace("⟦", " ").replace("⟧", " ").strip()
    claim = _right_side(content, question)
    equation = "=" in content and claim != content
    score = 1.0 + 2.0 * bool(_COPULA.search(before) or equation) + 0.4 * (match.start() / (len(text) + 1))
    values = exact_values(claim)
    if (len(_squeeze(content)) > 2 and not values and _squeeze(content) in _squeeze(question)) or values & known:
        score -= 1.3
    if equation and len(_squeeze(content)) > 2 and _squeeze(content) in _squeeze(question):
        score -= 1.5
    if re.fullmatch(r"[A-Za-z](?:\([a-z]\))?", claim):
        score -= 1.5
    if _BEFORE_RESTATED.search(before):
        score -= 1.0
    if not values and re.search(r"\bhow many\b", question, re.I):
        score -= 2.0
    return Candidate(claim, score - 2.0 * _in_parentheses(before), match.start())


def _expression(match: re.Match[str], text: str, question: str) -> Candidate:
    content = re.sub(r"\s*\($", "", match[0].strip())
    before = text[: match.start()]
    score = 0.3 + 2.0 * bool(_COPULA.search(before)) + 0.3 * (match.start() / (len(text) + 1)) + bool("=" in content)
    if _squeeze(content) in _squeeze(question):
        score -= 1.5
    return Candidate(_right_side(content, question), score - 2.0 * _in_parentheses(before), match.start())


def _number(quantity: Quantity, text: str, asking: str, asked: frozenset[str], known: frozenset[Fraction]) -> Candidate:
    before, after = text[max(0, quantity.start - 160) : quantity.start], text[quantity.end : quantity.end + 160]
    named = quantity.value not in known and bool(_TOTAL_OF.search(before))
    score = 0.2 + 1.6 * (named or bool(_COPULA.search(before)))
    following = content_words(" ".join(re.findall(r"^[\s-]*((?:[A-Za-z]+\s?){1,3})", after)))
    unit = _asked_unit(asking)
    if unit & following:
        score += 3.0
    if quantity.money and (re.search(r"how much|cost|price|money|dollar|\$|profit|earn|spend|pay", asking, re.I)):
        score += 1.5
    if quantity.value in known:
        score -= 1.3
    if _SUBORDINATE.search(before) and re.match(r"[^,.]*,", after):
        score -= 1.5
    if asked:
        clause = re.split(r"[,;]| and | but |\d", before)[-1]
        score += 1.5 * len(asked & content_words(clause)) / len(asked)
    if quantity.word and text[quantity.start : quantity.end].lower() == "one":
        score -= 1.5
    if not named and not unit & following and _BEFORE_RESTATED.search(before):
        score -= 1.6
    if re.search(r"[-+*/x]\s*[$€£]?$", before) or re.match(r"\s*(?:[A-Za-z]+\s){0,2}?\s*[-+*/x]\s*[$€£(\d]", after):
        score -= 1.2
    if re.search(r"(?<![<>!])=", after.split(". ")[0]):
        score -= 2.0
    score -= 2.5 * _in_parentheses(before) + 0.05 * len(re.findall(r"\d+", before))
    return Candidate(text[quantity.start : quantity.end].strip(), score, quantity.start, quantity)


def _asked_unit(asking: str) -> frozenset[str]:
    """Return the word that a question counts: "how many hours" asks for hours."""
    found = re.findall(
        r"how (?:many|much)\s+(?:more |fewer |less |total |of )*((?:[a-z]+\s?){1,2})|\bin ([a-z]+)\s*\)?\s*\?$", asking, re.I
    )
    return content_words(" ".join(" ".join(groups) for groups in found))


def _right_side(content: str, question: str | None) -> str:
    """Drop the left side of an equation unless an equation is asked for; of a chain, keep the end."""
    content = tidy(content)
    plain = re.sub(r"\{[^{}]*\}", lambda group: group[0].replace("=", "\0"), content)
    if "=" not in plain or re.search(r"\b(?:find|write|give|what is|determine) (?:the|an) equation", question or "", re.I):
        return re.sub(r"^[a-zA-Z]\s*\\in\s+", "", content)
    if re.search(r"(?<!=)=(?!=).*,.*(?<!=)=|\bor\b|\band\b", content) or re.search(
        r"[<>]|\\le|\\ge", content.rsplit("=", 1)[0]
    ):
        return content
    return plain.rsplit("=", 1)[1].replace("\0", "=").strip()


def _restatements(text: str, best: Candidate, candidates: list[Candidate]) -> list[str]:
    """Return values that the text gives as another form of the same answer: "or $75", "(1 hour and 35 minutes)"."""
    later = [candidate for candidate in candidates if candidate.start > best.start]
    return [candidate.text for candidate in later[:1] if _EQUIVALENT.match(text[best.start + len(best.text) : candidate.start])]


def _in_parentheses(before: str) -> bool:
    return before.count("(") > before.count(")")


def _squeeze(text: str) -> str:
    return re.sub(r"[\s$⟦⟧{}]|\\(?:left|right|cdot)", "", text)
