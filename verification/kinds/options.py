"""Multiple choice: read the options of a question, and the letter that a response picks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ..claims.statements import split_statements
from ..notation.asked import asked_words
from ..notation.references import last_box
from ..notation.values import tidy

# An option in the question: "A) 12", "(b) 12", "C. 12".
_OPTION = re.compile(
    r"(?:(?<=[\s(:,;?.$])|^)\(?\*{0,2}(?P<letter>[A-J](?=[).:])|[a-j](?=\)))(?:\)|\.(?=\s)|:(?=\s))\*{0,2}\s*(?P<text>[^\n]*?)",
    re.M,
)
# A letter, perhaps in parentheses or bold: "C", "(C)", "**C**"; `_END` is what may follow it.
_LETTER = r"\(?\**\(?(?<![\w'’])(?P<letter>(?-i:[A-J]))(?![\w'’])\)?"
_END = r"(?=[\s).,:;!?*\"'$}\]-]|$)"
_ARTICLE = r"(?! [a-z])"
# "The answer is C", "I choose B", "so option D", "option A is correct", "C is the right answer".
_NAMED = re.compile(
    rf"(?:\b(?:answers?|choice|option|response|alternative)\b[^.\n]{{0,40}}?(?:\bis\b|\bare\b|\bwould be\b"
    rf"|\bmust be\b|\bbe\b|:|=|->)"
    rf"\s*(?:therefore |clearly |indeed |thus )?(?:(?:option|choice|letter|answer)\s*)?[\"'$]*{_LETTER}{_END}"
    rf"|\b(?:i|we|you)(?:'d| would| will|'ll)? (?:choose|pick|select|go with|should choose"
    rf"|conclude)\s+(?:option |choice |answer )?{_LETTER.replace('letter', 'picked')}{_END}"
    rf"|\b(?:matches|corresponds to|it'?s|so|therefore|thus|hence|choose|select|pick|leaves?|leaving|left with|makes"
    rf"|only|is)\s*,?\s*(?:to\s+)?(?:option|choice|letter|answer)\s*"
    rf"{_LETTER.replace('letter', 'matched')}{_END}"
    rf"|\b(?:leaves|leaving)\s+(?:only |just |us with )?{_LETTER.replace('letter', 'left')}{_END}"
    rf"|\b(?:option|choice|answer"
    rf"|statement)\s+{_LETTER.replace('letter', 'subject')}{_END}[^.\n]{{0,60}}?\bis (?:the )?(?:correct|right"
    rf"|best|answer|true)\b"
    rf"|{_LETTER.replace('letter', 'called')}{_END}[^.\n]{{0,60}}?\bis (?:the |my )?(?:correct|right|best"
    rf"|final)? ?(?:answer|choice|option)\b)",
    re.I,
)
# A last resort: a sentence that ends in "is C" or ": C".
_LAST = re.compile(rf"(?:\b(?:it(?:'s| is)|would be|must be|is|with|pick|choose|say|leaves|leaving)\s+|[:=]\s*){_LETTER}\W*$")
# A line that is only a letter, perhaps with the text of its option: "C", "(C) 12".
_ALONE = re.compile(
    rf"^\W*(?:so|therefore|thus|hence)?\W*(?:(?:option|choice|letter)\s)?{_LETTER}(?P<rest>\W*$|[).:]\W*\S.*$|\s*[-–]\s.*$)",
    re.I,
)
_RIGHT = re.compile(r"(?<!not )(?<!not the )\b(?:correct|yes(?=\W*$))\b", re.I)
_WRONG = re.compile(r"\b(?:incorrect|wrong|not (?:the )?correct|no(?=\W*$))\b", re.I)
"""What a reply that goes through the options says of each: "B) Mars - correct."."""
# "not B", "eliminate B", "rather than B".
_REJECTED = re.compile(
    r"(?:\bnot|n't(?: be)?|\beliminat\w+|\brules? out|\bincorrect|\bwrong|\brather than|\binstead of|\bneither"
    r"|\bexcept)\W+(?:(?:option|choice|answer|it|letter|the)\W+)*$",
    re.I,
)
# "B is incorrect", "B is tempting".
_UNLIKELY_AFTER = re.compile(
    r"^\W*(?:[^.\n]{0,40}?)\b(?:is|are|was|might be|may be|seems?|looks?) (?:not\b|n't|incorrect|wrong|false"
    r"|tempting|out\b|eliminated|too )|^\W*(?:isn't|can be (?:ruled|elim)|\?)",
    re.I,
)
# "A or B" picks neither.
_SEVERAL = re.compile(
    r"\)?\s*(?:(?:or|/)\s*\W?[A-J]\b|(?:,?\s*(?:and|&)|,)\s*\W{0,3}[A-J](?:\W*$|\W{0,3}(?:,|and\b|&|are\b|both\b)))"
)
_SMALL = re.compile(r"\A\W*[a-h]\W*\Z|\([a-h]\)|^[a-h]\)|(\b(?:option|choice)\s+\W?)([a-h])\b(?! [a-z])", re.M | re.I)
"""Small letters that are options: "(b)", "b) 12", "option b"."""
# "A and C": several options may be right together.
_LETTERS = re.compile(r"(?:both\s+)?\(?[A-J]\)?(?:(?:\s*,\s*(?:and\s+)?|\s*(?:and|&)\s*|\s*)\(?[A-J]\)?)+", re.I)
# "Statements A and C are true", "the answer is A, C".
_TOGETHER = re.compile(
    r"(?:^\W*|\b(?i:is|are|options?|statements?|choices?|answers?|letters?|only|both)\b:?\W*|:\W*)"
    r"(?P<letters>\(?[A-J]\)?(?:(?:\s*,\s*(?:and\s+)?|\s+(?:and|&)\s+)\(?[A-J]\)?)+)"
    r"(?![\w'])(?! (?:is|are) (?:not|false|wrong|incorrect))"
)
# "答案: C", "Respuesta: C".
_JOINING = re.compile(r"\b(?:both|and)\b", re.I)
_LANGUAGE = re.compile(
    r"(?i:答案|答|正确选项|选|選|答え|正解|정답|respuesta|réponse|antwort|resposta|risposta|ответ)[^A-Z\n]{0,30}?"
    r"(?<![^\W\u3040-\u9fff\uac00-\ud7af])(?P<letter>[A-J])(?![A-Za-z0-9'’])"
)
# "A is 0.5, C is 0.75": what options are.
_TELLS_OF = re.compile(
    r"(?:^\W*|[,;]\s|\band\s)(?:option |choice )?\(?[A-J]\)?,? (?:is|was|equals|gives|=)"
    r"(?! (?:the )?(?:correct|right|answer)\b)"
)
# A reference that is a letter: "C", "(C)", "C) 12".
REFERENCE = re.compile(r"\(?([A-J])\)?(?:[).:]\s*(\S.*))?")


@dataclass(frozen=True)
class Options:
    """The options of a question by letter; empty if the question has none."""

    texts: tuple[tuple[str, str], ...] = ()
    asked: str = ""
    """The sentence that asks, in lower case."""

    def text_of(self, letter: str) -> str | None:
        """Return the text of an option; None if there is no such letter."""
        return dict(self.texts).get(letter)

    def letter_of(self, same: object, claim: str) -> str | None:
        """Return the letter whose text is the claim, if there is exactly one; `same(a, b)` compares two texts as answers."""
        plain = _plain(claim)
        found = [letter for letter, text in self.texts if _plain(text) == plain]
        if not found and callable(same):
            found = [letter for letter, text in self.texts if text and same(text, claim)]
        return found[0] if len(found) == 1 else None


@lru_cache(maxsize=512)
def read_options(question: str | None) -> Options:
    """Return the options of a question: at least two, with letters from A on without a gap."""
    text = (question or "")[-4000:]
    # A quick test, since most questions have no options.
    if not ("A" in text and "B" in text) and "b)" not in text:
        return Options()
    marks = list(_OPTION.finditer(text))
    for start, mark in enumerate(marks):
        if mark["letter"] not in "Aa":
            continue
        run = [mark]
        for following in marks[start + 1 :]:
            if following["letter"] == chr(ord(mark["letter"]) + len(run)):
                run.append(following)
        if len(run) > 1:
            ends = [following.start() for following in run[1:]] + [len(text)]  # an option's text ends where the next begins
            found = [
                (each["letter"].upper(), text[each.end() : end].strip().rstrip("(*;,").split("\n")[0].strip())
                for each, end in zip(run, ends, strict=True)
            ]
            return Options(tuple(found), asked_words(text)[0].lower())
    return Options()


@dataclass(frozen=True)
class Pick:
    """A letter that a response picks, its sentence, and the letters that earlier sentences pick."""

    letter: str
    sentence: str
    others: tuple[tuple[str, str], ...] = ()
    start: int = 0


def pick_letter(text: str) -> Pick | None:
    """Return the letter that a cleaned response explicitly picks last; None if it picks none."""
    picks: list[Pick] = []
    text = _SMALL.sub(lambda match: match[0].upper() if not match[1] else match[1] + match[2].upper(), text)
    box = last_box(text)
    boxed = re.fullmatch(r"\W*([A-J])(?:\W*|\W+\S.*)", tidy(box)) if box else None
    # "\boxed{A + B}" and "\boxed{A is right}" are no letters.
    if boxed and not re.match(r"[A-J]\s*[-+*/=^(]|[A-J]\s\w+\s", tidy(box or "")):
        return Pick(boxed[1], f"\\boxed{{{box}}}", start=text.rfind("\\boxed"))
    place, passed = 0, _passed_over(text)
    for line in text.split("\n"):
        picks += [Pick(letter, line.strip(), start=place + start) for letter, start in _picked(line[:2000], passed)]
        place += len(line) + 1
    if not picks:
        return None
    last = picks[-1]
    return Pick(last.letter, last.sentence, tuple((pick.letter, pick.sentence) for pick in picks[:-1][-4:]), last.start)


def several_letters(text: str) -> frozenset[str]:
    """Return the letters of a claim that picks several options, "A and C"; empty for any other claim."""
    return frozenset(re.findall(r"[A-J]", _JOINING.sub("", text))) if _LETTERS.fullmatch(text) else frozenset()


def is_rejected(part: str, start: int, end: int) -> bool:
    """Return whether a statement rejects what stands at a place in it: "not B", "B is tempting"."""
    return bool(_REJECTED.search(part[max(0, start - 40) : start]) or _UNLIKELY_AFTER.match(part[end:]))


def tells_of_options(statement: str) -> bool:
    """Return whether a statement tells what options are, "A is 0.5 and C is 0.75"; it picks none."""
    return _TELLS_OF.search(statement) is not None


def pick_letters(text: str) -> tuple[str, str] | None:
    """Return the letters that the last statement with several picks together, "A and C", with the statement."""
    for part in reversed(split_statements(text)[-3:]):
        if found := _TOGETHER.search(part):
            return found["letters"], part
    return None


def _passed_over(text: str) -> frozenset[str]:
    """Return the letters at the beginning of lines that pick nothing, where a reply goes through several options."""
    lines = [match for line in text.split("\n") if (match := _ALONE.match(line[:2000])) and re.search(r"\w", match["rest"])]
    letters = [match["letter"] for match in lines]
    wrong = {match["letter"] for match in lines if _WRONG.search(match["rest"])}
    right = {match["letter"] for match in lines if _RIGHT.search(match["rest"])}
    if wrong or right:
        return frozenset(letters) - right if right else frozenset(wrong)
    if letters[:2] == ["A", "B"]:
        return frozenset(letters)
    return frozenset(letters[1:]) if letters[1:2] < letters[:1] else frozenset()


def _picked(line: str, passed: frozenset[str]) -> list[tuple[str, int]]:
    """Return the letters that a line picks, with their places; without rejected letters and the words "A" and "I"."""
    found = []
    for pattern in (_NAMED, _LANGUAGE):
        for match in pattern.finditer(line):
            name = next(name for name, value in match.groupdict().items() if value)
            letter, start, end = match[name], match.start(name), match.end(name)
            if not letter.isupper() or _REJECTED.search(line[max(0, start - 40) : start].rstrip("(*")):
                continue
            after = line[end:].lstrip(")*")
            if _UNLIKELY_AFTER.match(after) or (
                letter in "AI" and re.match(r" (?!because|since|as |with |and |is )[a-z]", after)
            ):
                continue
            # In "A is the answer and B is not", what follows belongs to another letter.
            if name not in ("called", "subject") and _SEVERAL.match(after):
                continue
            found.append((letter, start))
    alone = None if found else _LAST.search(line) or _ALONE.match(line)
    if alone and alone["letter"] in passed and alone.re is _ALONE and re.search(r"\w", alone["rest"]):
        return found
    if alone and not _SEVERAL.match(line[alone.end("letter") :].lstrip(")*")):
        found.append((alone["letter"], alone.start("letter")))
    return sorted(found, key=lambda pick: pick[1])


def _plain(text: str) -> str:
    return re.sub(r"[\s$*.,'\"()\\{}]|\btext", "", text).casefold()
