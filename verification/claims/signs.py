"""The signs that make a value more or less likely to be the claim of its statement, each with its reason and an example."""

from __future__ import annotations

import re

from ..notation.arithmetic import is_left_side
from ..notation.layout import in_parentheses
from . import languages
from .candidates import INEQUALITY, Formula, Number
from .echoes import is_kept
from .phrases import gives_reason
from .weighing import Sign, Table, table

# Patterns with $ are for the text before a number, those matched from the start for the text after it.
# A verb or sign that states the number: "she has", "the total is about", "x =".
_COPULA = re.compile(
    r"(?:\b(?:is|are|was|be|equals?|to|by|get|(?<!,\s)as|have|has"
    rf"|(?:which|that|this|it) (?:gives|yields|leaves|equals|results in)|that makes|{languages.STATES})\b"
    rf"|'s\b|:|=|⟹|→|⇒|[-=]>|\\Rightarrow|(?<=\d) makes\b|\b(?:{languages.THAT_IS}),?)"
    r"(?:\s+(?:about|approximately|around|roughly|exactly|only|just|now|currently|indeed))?\s*$",
    re.I,
)
# A preposition or article before a number that mostly repeats the question: "in" 7 days, "out of the" 12.
_BEFORE_RESTATED = re.compile(
    r"\b(?:in|after|over|within|for|of|by|with|than|when|if|since|from|on|among|every|each|per|out of"
    r"|until|during|while|the|at|all|using|those|these|buying|into|first|pays?"
    rf"|{languages.BEFORE_RESTATED})"
    r"\s*(?:a |the |an |his |her |their |de |d')?$",
    re.I,
)
# The clause before the main one: "If she buys" 3 apples, she pays 6.
_SUBORDINATE = re.compile(r"(?:^|\W)(?:if|when|since|because|given|after|with)\s[^,]*$", re.I)
# "Setting x = 0 gives 5": the 0 is no result.
_SETS = re.compile(r"\b(?:setting|letting|let|substituting|plugging in)\s*$", re.I)
HOW_MANY = re.compile(r"\bhow many\b", re.I)
# The number is the left operand: 12 "+ 4", 12 "apples times 3".
_OPERAND_AFTER = re.compile(
    r"\s*(?:[A-Za-z]+,?\s){0,2}?\s*(?:[-+*/x→⇒]|[-=]>"
    r"|(?:minus|plus|times|divided by|multiplied by)(?: the [a-z]+ of)?)\s*[$€£(\d]"
)
# 3 h 10 min", plus 15 min makes 3 h 25 min".
_PLUS_AFTER = re.compile(
    r"(?:\s[A-Za-z]+)?, (?:plus|minus|add) [$€£]?\d[^.;]*(?:\b(?:makes|gives|comes to|is|leaves)|=|:)\s[$€£]?\d"
)
# A dash that separates, not a minus sign: "Total - $".
_DASH = re.compile(r"^\D*[A-Za-z]\s-\s*[$€£]?$")
# The number is the right operand: "12 + ".
_OPERAND_BEFORE = re.compile(r"[-+*/x]\s*[$€£]?$")
# A change whose end is the number: "from 4 to".
_FROM = re.compile(r"\bfrom\s+\S{1,12}(?:\s[A-Za-z]+){0,2}\s+to\s+$", re.I)
# The claim is compared with the number: "rather than", "compared to".
_COMPARED = re.compile(r"\b(?:compared (?:with|to)|instead of|rather than|not|than)\b[^,;.\d]*$", re.I)
# Words that lead to a result: "which means", "leaving", "es decir".
_RESULTING = re.compile(
    r"\b(?:means|meaning|leaves|leaving|gives|giving|makes|making|bringing|amounts? to|comes? to"
    r"|adds? up to|arrives? at|works? out to|totall?ing"
    r"|so|thus|therefore|hence|i\.e\."
    rf"|{languages.THAT_IS}|{languages.LEADS_TO})\b|なので|だから|つまり|所以|因此",
    re.I,
)
# A value that should or would be, "it should be" 10.
_WISHED = re.compile(r"\b(should|would|could|might)\b", re.I)
# "She pays", "it sells for": money follows, although the word is among the prepositions above.
_PAYS = re.compile(r"\bpays?\s*$|\b(?:sells?|sold|goes|bought) for\s*$", re.I)
# "We arrive at" 12.
_ARRIVES = re.compile(r"\b(?:arrived? at|ends? up with|left with)\s*[$€£]?$", re.I)
# A share of a number is an operand: 20% "of the 80".
_SHARE_OF = re.compile(r" of (?:the |his |her |their )?(?:[a-z]+ )?[$€£]?\d")
# 12 "apples, because".
_REASON = re.compile(r"(?:\s[a-z]+){0,3}(?:,| -)?\s(?:since|because|as|for)\s", re.I)
# 12 "apples, which is the answer".
_CALLED_ANSWER = re.compile(r"[^.;\d]{0,20},?\s*(?:which |that )?is (?:the|my|our) (?:final |correct )?answer", re.I)
_BREAKDOWN = re.compile(
    r"(?:^\W*|\b(?:is|are|was|were|of|totals?|makes|gives|has|have|costs?|pays?|needs?)\s+)"
    r"[$€£]?\d[\d.,]*(?:\s[a-z]+)?(?: in total| altogether)?:\s*[$€£]?$",
    re.I,
)
"""A colon after the claim begins its parts: "the total is 45: 24 for", "45 in total: 24 for"."""
# "This leaves her with".
_LEAVES = re.compile(r"\b(?:leaves?|leaving) (?:\w+ ){0,2}with (?:only |just |exactly )?$", re.I)
# The word that concludes, in the clause of the number: "will be 20, so he is".
_SO = re.compile(r"[,;]\s*(?:and\s+)?(?:so|therefore|thus|hence)\b[^,;]*$", re.I)


NUMBER_SIGNS: Table[Number] = table(
    "number",
    (
        Sign("a number", lambda n: 1),
        Sign("a verb states it", lambda n: _is_stated(n), "she has 12"),
        Sign("what each has was asked, and its clause says so", lambda n: n.asked.each and n.is_each, "each sleeve takes 12"),
        Sign("it is called the answer", lambda n: bool(_CALLED_ANSWER.match(n.after)), "12 is the answer"),
        Sign("it counts what was asked", lambda n: n.counts_the_unit, "12 apples, where apples were asked"),
        Sign("money was asked, and this is money", lambda n: n.asked.money and n.is_money, "$12"),
        Sign("a percentage was asked, and this is one", lambda n: _is_asked_percent(n), "12%"),
        Sign(
            "it ends a change from one value to another, not the change",
            lambda n: " to " in n.before[-5:] and bool(_FROM.search(n.before)),
            "from 4 to 12",
        ),
        Sign("what is not so was asked", lambda n: n.asked.negated and n.is_not_so, "5 students do not"),
        Sign("its reason follows", lambda n: not n.before.strip() and bool(_REASON.match(n.after)), "12, because"),
        Sign("it stands in a reason", lambda n: gives_reason(n.before), "5, because 10 is 5 + 5"),
        Sign("what is left was asked, and this is", lambda n: _is_left(n), "12 remain"),
        Sign(
            "a rate was asked, and this is one",
            lambda n: bool(n.asked.rate) and n.is_rate,
            "12 km per day, where km per day are asked",
        ),
        Sign("it is said to be what was asked", lambda n: n.is_asked, "the slope is 3, where the slope is asked"),
        Sign("a sum was asked, and its clause says so", lambda n: n.sums, "together they have 12"),
        Sign("a difference was asked, and this is one", lambda n: n.is_difference, "2 more than Bea"),
        Sign("it stands after the word that concludes", lambda n: concludes(n.before), "will be 20, so he is 15"),
        Sign("another value is rounded to it", lambda n: n.is_rounded, "2.5, which rounds to 3"),
        Sign("the question gives it", lambda n: n.given),
        Sign(
            "it is a condition before the main clause",
            lambda n: bool(re.match(r"[^,.]*,", n.after) and _SUBORDINATE.search(n.before)),
            "after 3 days, she has 12",
        ),
        Sign("its clause names whom the question asks about", lambda n: n.about_asked, "Ann has 12"),
        Sign("its clause speaks of what was asked", lambda n: n.asked_share, "the total cost is 12"),
        Sign("it should or would be, and that was not asked", lambda n: _is_only_wished(n), "it should be 10, but"),
        Sign("the claim is compared with it", lambda n: _is_compared(n), "compared to 10"),
        Sign("it stands after what leads to it", lambda n: bool(_RESULTING.search(n.before)), "which means 12"),
        Sign('"one" is mostly no number', lambda n: n.quantity.word and _written(n).lower() == "one", "the one who"),
        Sign("a preposition restates it", lambda n: _restates(n), "in 7 days"),
        Sign("it is an operand", lambda n: _is_operand(n), "12 + 4"),
        Sign(
            "an equals sign follows: it is a left side",
            lambda n: "=" in n.after and is_left_side(n.before, n.after, _written(n), n.asked.values),
            "12 = x",
        ),
        Sign(
            "it is called the total of what stands before",
            lambda n: n.asked.is_total(n.before, n.counts_the_unit),
            "6 and 8, total 14",
        ),
        Sign("it stands in parentheses", lambda n: in_parentheses(n.before) and n.sums < 1, "(12)"),
    ),
)
SEGMENT_SIGNS: Table[Formula] = table(
    "segment",
    (
        Sign("marked as mathematics", lambda f: 1, "$12$"),
        Sign("a verb or an equation states it", lambda f: _is_said(f), "x = 12"),
        Sign("it is said to be what was asked", lambda f: f.is_asked, "the slope is $3$, where the slope is asked"),
        Sign("it is called the total of what stands before", lambda f: f.asked.is_total(f.before), "$6$, total $14$"),
        Sign("the later the likelier", lambda f: f.place),
        Sign("an equation of the question", lambda f: f.is_equation and f.is_copied),
        Sign("only a variable or f(x)", lambda f: bool(re.fullmatch(r"[A-Za-z](?:\([a-z]\))?", f.claim)), "$x$"),
        Sign(
            "a preposition restates it",
            lambda f: bool(_BEFORE_RESTATED.search(f.before[-60:])) + 2 * bool(_SETS.search(f.before[-20:])),
            "in 7 days",
        ),
        Sign("it stands in parentheses", lambda f: in_parentheses(f.before), "(12)"),
    ),
)
EXPRESSION_SIGNS: Table[Formula] = table(
    "expression",
    (
        Sign("a verb states it", lambda f: bool(_COPULA.search(f.before[-60:])), "she has 12"),
        Sign("it is said to be what was asked", lambda f: f.is_asked, "the slope is $3$, where the slope is asked"),
        Sign("it stands in a reason", lambda f: gives_reason(f.before), "5, because x + 5 = 10"),
        Sign("it stands after the word that concludes", lambda f: bool(_SO.search(f.before)), "x = 2y, so y = x / 2"),
        Sign("the later the likelier", lambda f: f.place),
        Sign("an equation", lambda f: "=" in f.content, "y = 2x + 1"),
        Sign("the question has it", lambda f: f.in_question),
        Sign("it stands in parentheses", lambda f: in_parentheses(f.before), "(12)"),
    ),
)


def concludes(before: str) -> bool:
    """Return whether the text before a value ends in a clause with a word that concludes: "will be 20, so he is"."""
    return any(word in before.lower() for word in ("so", "hence", "fore", "thus")) and _SO.search(before) is not None


def _is_said(formula: Formula) -> bool:
    if _COPULA.search(formula.before[-60:]) or formula.is_equation:
        return True
    return INEQUALITY.search(formula.content) is not None and concludes(formula.before)


def _written(number: Number) -> str:
    return number.text[number.quantity.start : number.quantity.end]


def _is_asked_percent(number: Number) -> bool:
    return number.quantity.percent and number.asked.percent


def _is_stated(number: Number) -> bool:
    if _leaves(number) or number.named or _DASH.match(number.before):
        return True
    return bool(
        (
            _COPULA.search(number.before[-40:])
            or (not number.before.isascii() and languages.STATES_CJK.search(number.before[-4:]))
        )
        and not (":" in number.before[-4:] and _BREAKDOWN.search(number.before[-60:]))
        and not (" to " in number.before[-5:] and _FROM.search(number.before[-60:]))
    )


def _is_left(number: Number) -> float:
    return number.is_left if number.asked.left else -0.8 * is_kept(number.clause, number.asked.sentence)


def _leaves(number: Number) -> bool:
    return "with " in number.before[-15:] and bool(_LEAVES.search(number.before))


def _is_compared(number: Number) -> bool:
    before = number.before.lower()
    return any(word in before for word in ("than", "not", "compared", "instead")) and bool(_COMPARED.search(before))


def _is_operand(number: Number) -> bool:
    before = number.before
    if (number.quantity.percent or "/" in _written(number)) and _SHARE_OF.match(number.after):
        return True
    if before.endswith((" plus ", " plus $")) or _OPERAND_AFTER.match(number.after):
        return True
    followed = ", " in number.after[:20] and _PLUS_AFTER.match(number.after)
    return bool(followed or (_OPERAND_BEFORE.search(before) and not _DASH.match(before)))


def _is_only_wished(number: Number) -> bool:
    wished = _WISHED.search(number.clause)
    return bool(wished and re.search(r"\bbut\b", number.after) and wished[1].lower() not in number.asked.question.lower())


def _restates(number: Number) -> bool:
    if (
        _leaves(number)
        or number.named
        or number.counts_the_unit
        or _ARRIVES.search(number.before[-20:])
        or (number.asked.money and _PAYS.search(number.before))
    ):
        return False
    return bool(_BEFORE_RESTATED.search(number.before[-25:]))
