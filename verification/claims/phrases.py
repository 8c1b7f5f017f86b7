"""The phrases that mark a conclusion, a correction, an aside or a refusal. Each has an example above it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from . import languages


@dataclass(frozen=True)
class Phrase:
    """A regular expression that is tried only on texts that contain one of its words; looking for a word is far cheaper.

    Without words, the expression is for the beginning of a text and is tried only there.
    """

    pattern: re.Pattern[str]
    words: tuple[str, ...]
    foreign: tuple[str, ...] = ()
    """Words that are not ASCII; they are looked for only in texts that are not ASCII."""

    def possible(self, low: str) -> bool:
        """Return whether a text, in lower case, can have the phrase at all."""
        for word in self.words:
            if word in low:
                return True
        if self.foreign and not low.isascii():
            return any(word in low for word in self.foreign)
        return not (self.words or self.foreign)

    def search(self, text: str, low: str) -> re.Match[str] | None:
        """Return the first match in a text, whose lower-case form is `low`."""
        if not (self.words or self.foreign):
            return self.pattern.match(text)
        return self.pattern.search(text) if self.possible(low) else None


def phrase(pattern: str, words: str = "", flags: int = re.I) -> Phrase:
    """Return a phrase; `words` are separated by spaces, and an underscore in one stands for a space."""
    parts = [word.replace("_", " ") for word in words.split()]
    ascii_words = tuple(word for word in parts if word.isascii())
    return Phrase(re.compile(pattern, flags), ascii_words, tuple(word for word in parts if not word.isascii()))


# The number of a step is no value: "from steps 2 and 3", "(equation 1)".
_STEP_NAME = r"\b(?:from |in )?(?:steps?|equations?)\s+[#(]?\d+\)?(?:\s*(?:,|and|-|to|through|or)\s*\d+)*"
_STEP_NAMES = re.compile(rf"\(\s*{_STEP_NAME}\s*\)|{_STEP_NAME}", re.I)


def without_step_names(text: str) -> str:
    """Return a text without "step 3", "(from equation 2)": their numbers are no values."""
    named = "tep" in text or "quation" in text or "TEP" in text or "QUATION" in text
    return _STEP_NAMES.sub(" ", text) if named else text


# "5, because 10 is".
_IN_REASON = re.compile(r"\d.*\b(?:because|porque|ya que|denn|weil|parce que|pois)\b[^;]*$", re.I)
_REASON_WORDS = ("cause", "porque", " ya que ", " denn ", " weil ", " parce ", " pois ")


def gives_reason(before: str) -> bool:
    """Return whether the text before a value has a value and begins a reason: "5, because 10 is"."""
    for word in _REASON_WORDS:
        if word in before:
            return _IN_REASON.search(before) is not None
    return not before.isascii() and "因为" in before


_DIGIT = re.compile(r"\d")
# A value without digits: "seven", "half of", "the right option is B".
_VALUE_WORDS = phrase(
    r"\b(?:[Oo]ne|[Tt](?:wo|hree|en|welve|hirteen|wenty|hirty)|[Ff](?:our(?:teen)?|ive|ifteen|orty|ifty)"
    r"|[Ss](?:ix|even)(?:teen|ty)?|[Ee](?:ight(?:een|y)?|leven)|[Nn]ine(?:teen|ty)?|[Zz]ero|no)(?![a-z])"
    r"|\b(?:[Aa] (?:third|quarter|fifth)|[Hh]alf) (?:of|is)\b"
    r"|\b(?:option|choice)\b[^.\n]{0,20} is:? \(?[A-H]\)?(?![A-Za-z])",
    "one two three ten twelve thirteen twenty thirty four five fifteen forty fifty six seven eight eleven nine zero no"
    " third quarter fifth half option choice",
    flags=0,
)


def names_value(text: str) -> bool:
    """Return whether a text has what can be a value: a digit, mathematics, a number in words or an option."""
    if _DIGIT.search(text) or "⟦" in text or "=" in text or "\\boxed" in text:
        return True
    return _VALUE_WORDS.search(text, text.lower()) is not None


# The words before an answer: "The final answer", "A", "####".
_MARKER = (
    r"(?:(?:the\s+|my\s+|our\s+|your\s+)?(?:(?:final|correct(?:ed)?|revised|updated|actual|right|numerical)\s+){0,2}"
    r"(?:answer|result|solution)|A|####)"
)
# "Final answer: 12", "#### 12".
LINE = phrase(rf"^\s*(?:[#*>\s]*)(?:{_MARKER})(?:\s+(?:is|to [^:\n]{{3,80}} is))?\s*(?::|(?<=####))\s*(?P<claim>\S.*)$")
# "Respuesta: 12".
FOREIGN_LINE = phrase(languages.LINE, " ".join(languages.ANSWER).replace("-", " "))
# "La respuesta es 12".
FOREIGN_ANSWER_IS = phrase(languages.ANSWER_IS, " ".join(languages.ANSWER).replace("-", " "))
# "Por lo tanto, son 12".
FOREIGN_CONCLUSION = phrase(languages.CONCLUSION, languages.CONCLUSION_WORDS)
# A line without a value, which then stands below it: "Final answer:".
BARE_MARKER = phrase(r"(?:final\s+answer|the\s+answer|^\s*answer)(?:\s+(?:is|as))?\s*:?\s*$", "answer")
# "The answer to the question is 12". "Your answer is" and "if our answer is" say nothing.
ANSWER_IS = phrase(
    r"(?<!your )(?<!if our )\b(?:(?:final|correct)\s+)?(?:answer|solution)\b[^.:\n]{0,80}?"
    r"(?:\b(?:is|are|must be|would be)\b|=|:)",
    "answer solution",
)
# "Therefore, she has 12", "3 * 4 is 12, so she has 12".
CONCLUSION = phrase(
    r"^\W*(?:and\s+)?(?:therefore|thus|hence|so|in conclusion|to conclude|in summary|to summarize|finally|overall|consequently"
    r"|as a result|in total|this means|we conclude|based on (?:the|these|our) calculations?|together|altogether"
    r"|that (?:makes|leaves|brings|gives))\b"
    r"|[,.;]\s(?:therefore|thus|hence|so|we find that|we conclude)\b",
    "therefore thus hence so conclu summar final overall consequent result total means based find together that",
)
# "The answer is indeed correct."
CONFIRMED = phrase(
    r"\b(?:value|answer|solution|result|equation|work)s? (?:we found )?(?:is|are) (?:indeed )?correct", "correct"
)
# "Multiply 3 by 4."
IMPERATIVE = phrase(
    r"^\W*(?:finali[sz]e|write (?:down|out|your|the)|state|express|record|identify"
    r"|determine|calculate|find|multiply|subtract|divide|add)\b"
)
# "That's the final answer."
THAT_IS_IT = phrase(r"^\W*that'?s (?:the|our|your) (?:final )?answer")
# "Wait, it is 14", "I made a mistake", "rounded up".
CORRECTION = phrase(
    r"\b(?:wait|actually|correction|oops|(?:i|we) made (?:a|an) (?:mistake|error)|should (?:be|have been)|instead it is"
    r"|(?:that|this|it)(?:'s| is| was) wrong"
    r"|round(?:ed|ing)? (?:it )?(?:down|up))\b",
    "wait actually correction oops mistake error should instead round wrong",
)
APOLOGY = phrase(
    r"\b(?:sorry|apologi[sz]e|apologies|oops|correction|(?:my|i made an?(?: \w+)?|there (?:is|was) an?) (?:mistake|error))\b",
    "sorry apolog oops correction mistake error",
)
"""What follows this corrects what stands before it."""
# "Note that ...", "Let's check: ...", "If the result were 5, ...", "Step 3:".
ASIDE = phrase(
    r"^\W*(?:note\b|for (?:example|instance)|e\.g\.|remember|check(?:ing)?\b|verif(?:y|ying|ication)\b|to (?:check|verify)"
    r"|let'?s (?:check|verify)"
    r"|alternatively|you can|tip\b|double[- ]check|substitut(?:e|ing)|if (?:the result|it) (?:were|was)|this is because|where\b"
    r"|formula|next,|first,|now,? (?:let|we need|think|add|sub|div|mult)|step \d+\s*:?\s*$)"
)
# "Verification:", "As a check, 8 * 6 = 48", "Here is the breakdown:", "Let's double-check".
CHECKING = phrase(
    rf"^\W*(?:step\s*\d+\W+)?(?:{languages.CHECKING}|(?:check(?:ing)?|verif(?:y|ication)|proof|double[- ]?check(?:ing)?)\b"
    r"|(?:(?:as )?an? )?(?:(?:quick|sanity|final|simple) )*check\b"
    r"|(?:explanation|reasoning|justification|breakdown|(?:here'?s|here is) (?:why|how|(?:the|a|my) (?:\w+ )?(?:breakdown"
    r"|explanation|reasoning|calculations?|work\w*|steps)))\b[^.\d]{0,40}$"
    r"|(?:let'?s|to|(?:we|you|i) (?:can|could)) (?:now |also |quickly )?(?:double[- ]?check|check|verify|confirm)\b)"
    r"(?!.*(?:final|correct|right) answer)",
    f"check verif proof explanation reasoning justification breakdown here's heres here_is confirm {languages.CHECKING_WORDS}",
)
"""What begins a section that tells again, to check or to explain."""
# "Explanation: two years ago", "Here is why: half of 30 is", "Begründung: 30", "To see why, note that 30".
EXPLAINS = phrase(
    r"^\W*(?:(?:explanation|reason(?:ing)?|justification|working|(?:here'?s|here is) (?:why|how|the reason(?:ing)?)"
    r"(?: [a-z ]{1,20})?"
    rf"|how (?:i|we) (?:got|found) (?:it|this|that)|{languages.EXPLAINING})\W*:"
    r"|(?:to (?:see|understand)|let'?s see) why\b|why\?)",
    "explanation reason justification working is_why 's_why heres_why is_how 's_how heres_how is_the_reason 's_the_reason how_i"
    f" how_we see_why understand_why why? {languages.EXPLAINING_WORDS}",
)
# "This makes sense, because 47 and 57 are ...", "It adds up: 36 + 14 = 50", "Indeed, 36 + 14 = 50", "En effet, 36 ...".
CLOSING = phrase(
    r"^\W*(?:(?:this|that|which|it)(?: all)? (?:makes sense|checks out|works out(?! to)|adds up(?! to)|is (?:right|reasonable"
    rf"|consistent|as expected)\b)|indeed,|(?:{languages.INDEED})\b)(?!.*\banswer\b)",
    f"sense out up right reasonable consistent expected indeed {languages.INDEED_WORDS}",
)
"""A last sentence that only confirms."""
# "Now we know how many apples she has."
INDIRECT = phrase(
    r"\bhow (?:many|much|far|fast|long|old|tall|often|big)\b"
    r"(?!.*(?:[:=⟦]|\b(?:is|are|was|equals?|get|gets)\s+(?:about |approximately )?[$€£]?\d))",
    "how",
)
# "Alternatively, you could add first", "by the way".
ANOTHER_WAY = phrase(
    r"^\W*(?:alternatively|another (?:way|method)),? (?:\w+ )?(?:you|we|one|i) (?:can|could|may|might)\b"
    r"|\bby the way\b|\bincidentally\b",
    "alternatively another way incidentally",
)
# "For comparison, a longer ride costs 54", "a longer ride, by contrast, costs 54", "That is almost 3 crates", "Most of it, 24".
COMPARES = phrase(
    r"(?:^\W*|,\s|\()(?:for|by|in) (?:comparison|contrast|reference)\b(?! to\b| with\b)"
    r"|^\W*(?:(?:don't|do not) confuse|to put (?:that|this|it) in(?:to)? perspective"
    r"|(?:that|this) is (?:almost|nearly|(?:more|less) than|(?:just |well )?(?:over|under))|most of (?:it|this|that|these))\b"
    r"(?!.*\b(?:so|therefore|hence)\b)"
    r"|\b(?:two|three|four|five|ten|\d+) (?:such|(?:\w+ )?of (?:this|that|the same) (?:size|kind|length|type))\b",
    "such of_this of_that of_the_same"
    " comparison contrast reference is_almost is_nearly is_more_than is_less_than is_just is_well is_over is_under most_of"
    " perspective confuse",
)
# "They cost 39 and 30, which together make up that amount": the amount was told before.
REFERS_BACK = phrase(
    r"\b(?:makes?|making|adds?|adding|comes?|coming|gives?|giving|brings?|bringing|sums?|totals?|equals?|yields?|reach(?:es)?)\b"
    r"[^.\d]{0,20}\b(?:that|this|the same) (?:amount|total|sum|number|figure|price|cost|result|value)\b(?![^.]*\d)",
    "amount total sum number figure price cost result value",
)
# "One might think it is 12", "at first glance", "a common mistake".
TEMPTING = phrase(
    r"\b(?:one|you|some|people|many|we|i) (?:might|may|could|would) (?:\w+ )?(?:think|say|expect|assume|guess"
    r"|believe|be tempted)\b"
    r"|\bat first (?:glance|sight)\b|\bnaively\b|\bcommon mistake\b|\btempting\b"
    r"|\binitially,? (?:i|we) (?:got|thought|found|calculated|had)\b|\bfirst (?:try|attempt|guess)\b",
    "might may could would first naively mistake tempting initially",
)
# "If it were 5, it would be 12", "just a guess", "12 boxes would hold only 144", "After 3 days she would have 45".
HYPOTHETICAL = phrase(
    r"\bif\b.*\bwould\b|\bwould\b.*\bif\b|\b(?:a|my|just) (?:\w+ )?guess\b"
    r"|^\W*(?:(?:after|with|for|at) )?[$€£]?\d[\d,.]*(?: \w+)?,?(?: (?:she|he|it|they|we|you))? would"
    r" (?:only |just |already |still )?(?:hold|give|make|leave|cost|contain|fit|have|get)\b",
    "would guess",
)
_PHRASES = (ANSWER_IS, BARE_MARKER, CONCLUSION, CORRECTION, FOREIGN_ANSWER_IS, FOREIGN_CONCLUSION, FOREIGN_LINE, LINE)
"""The phrases that every statement is looked through for."""


def _by_word(words_of: Callable[[Phrase], Iterable[str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for phrase in _PHRASES:
        for word in words_of(phrase):
            found.setdefault(word, []).append(id(phrase))
    return found


_BY_WORD = _by_word(lambda phrase: phrase.words)
_BY_FOREIGN_WORD = _by_word(lambda phrase: phrase.foreign)


def phrases_in(text: str) -> dict[int, list[str]]:
    """Return the phrases that a text can have, by identity, each with those of its words that the text has."""
    low = text.lower()
    # Phrases without words are possible in every text.
    found: dict[int, list[str]] = {id(phrase): [] for phrase in _PHRASES if not (phrase.words or phrase.foreign)}
    for words in (_BY_WORD,) if low.isascii() else (_BY_WORD, _BY_FOREIGN_WORD):
        for word, phrases in words.items():
            if word in low:
                for phrase in phrases:
                    found.setdefault(phrase, []).append(word)
    return found
