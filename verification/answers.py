"""Judge a response: find its final answer (the claim) and compare it with the reference. Start at `verify_answer`."""

from __future__ import annotations

import re

from ..foundation.arguments import need_number, need_text
from .claims.finding import Claim, find_claim, read_response
from .claims.statements import split_statements
from .equivalence.comparing import compare_claims
from .judging import NAME, judge, names_in
from .kinds.findings import find_finding, read_finding
from .kinds.named_options import named_in
from .kinds.options import REFERENCE, Options, pick_letter, pick_letters, read_options, several_letters, tells_of_options
from .kinds.polarity import find_polarity, read_polarity
from .kinds.printed import same_object, shown_as
from .kinds.unknowns import values_of
from .kinds.words import find_word
from .notation.asked import asked_words, content_words
from .notation.clean import clean
from .notation.objects import only_value
from .notation.references import read_reference
from .notation.residue import Reply
from .notation.times import concluded_date, is_date
from .steps.solutions import check_solution
from .verdicts import Extracted, Loser, Verdict

# "April 8, because March has 31 days".
_BECAUSE = re.compile(r"\b(?:because|since|as)\b", re.I)
_IF = re.compile(r"\b(?:if|would|might|could|may be)\b", re.I)


def verify_answer(
    response: str, reference: str | None, *, question: str | None = None, timeout: float = 5.0, explain: bool = False
) -> Verdict:
    """Return the verdict on a response.

    Args:
        response: the student's solution; its last 20,000 characters are read.
        reference: the known answer, plain or as in GSM8K and MATH. If it is None or blank, only the arithmetic is checked.
        question: the problem. It helps to tell the asked quantity from restated ones, and it lists the options of multiple
            choice.
        timeout: seconds for a comparison that needs sympy. Starting the worker process, once, is not included.
        explain: fill `losers` with every candidate that was considered, which takes longer.

    Raises:
        TypeError: the response or the question is no text, or the time-out is no number.
        ValueError: the time-out is negative.
    """
    need_number("timeout", timeout)
    reply, options = read_response(response, question), read_options(question)
    wanted = read_reference(str(reference)) if reference is not None and str(reference).strip() else None
    if wanted is not None and wanted[0] == "{":
        wanted = only_value(wanted) or wanted
    said = find_claim(reply, question, explain=explain)
    shown = shown_as(response, wanted, question) if wanted else None
    claim = Claim((shown,), "last_statement", False, shown) if shown else _of_kind(reply, said, options, wanted, question)
    answer, source, sentence = (claim.texts[0], claim.source, claim.statement) if claim else (None, None, None)
    losers = claim.losers if claim else ()
    if reference is None or not str(reference).strip():
        return Verdict(check_solution(response).status, answer, source, sentence=sentence, losers=losers)
    if wanted is None:
        return Verdict("bad_reference", answer, source, sentence=sentence, losers=losers)
    # The claim is found before this point, without the reference.
    if claim is None:
        return Verdict("no_answer", None, None, False, wanted)
    # With options, both sides are brought to one form: letters, or texts.
    outcome = judge(claim, _as_option(wanted, claim, options) if options.texts else wanted, question, timeout)
    if outcome in ("timeout", "bad_reference"):
        return Verdict(outcome, answer, source, None, wanted, sentence, losers)
    right = outcome == "equal"
    return Verdict(
        "correct" if right else "incorrect", answer, source, right and source == "final_line", wanted, sentence, losers
    )


def extract_answer(response: str, *, question: str | None = None) -> Extracted | None:
    """Return the final answer of a response; None if it gives none. It does not depend on any reference.

    Raises:
        TypeError: the response or the question is no text.
    """
    reply = read_response(response, question)
    claim = _of_kind(reply, find_claim(reply, question), read_options(question), None, question)
    return Extracted(claim.texts[0], claim.source) if claim else None


def answers_equal(a: str, b: str, *, timeout: float = 5.0) -> bool:
    """Return whether two answers are mathematically equal ("1/2" and "0.5"); False if that cannot be decided in time.

    Args:
        a: an answer.
        b: another answer.
        timeout: seconds for a comparison that needs sympy.

    Raises:
        TypeError: an answer is no text, or the time-out is no number.
        ValueError: the time-out is negative.
    """
    need_text("a", a)
    need_text("b", b)
    need_number("timeout", timeout)
    # Also true of texts that cannot be read as mathematics.
    if a.strip() == b.strip():
        return True
    return compare_claims(clean(a), clean(b), timeout) == "equal"


def _of_kind(reply: Reply, said: Claim | None, options: Options, wanted: str | None, question: str | None) -> Claim | None:
    """Return the claim in the form of the reference: a letter, yes or no, a name, or as stated."""
    if wanted is not None and wanted[-1:].isalnum() and len(wanted) < 40 and is_date(wanted):
        return _dated(reply.text, said, question)
    # Most references are numbers, and no other kind applies to them.
    if not options.texts and (wanted is None or (wanted[0] in "0123456789-$.\\" and not read_finding(wanted))):
        return said
    if wanted is not None and wanted[0] == "{" and (given := same_object(reply.text, wanted)):
        return _stated(given, said, given)
    if wanted is not None and read_polarity(wanted) is not None:
        found = find_polarity(reply.text, question)
        return _stated(_word(found[0], wanted), said, found[1]) if found else None
    if wanted is not None and (kind := read_finding(wanted)):
        named = find_finding(reply.text)
        return _stated(wanted if named[0] == kind else named[0], said, named[1]) if named else said
    if wanted is not None and several_letters(wanted) and (letters := pick_letters(reply.text)):
        return _stated(letters[0], said, letters[1])
    if wanted is not None and said and "," not in said.texts[0] and (values := values_of(reply.text, wanted, question)):
        return Claim((values,), said.source, False, said.statement, said.losers)
    if options.texts or (wanted is not None and _letter(wanted)):
        return _picked(reply, said, options)
    if wanted is not None and NAME.fullmatch(wanted):
        return _worded(reply.text, _named(reply.text, said, question), wanted, question)
    return said


def _dated(text: str, said: Claim | None, question: str | None) -> Claim | None:
    """Return the claim, or the day that the last statement with one gives if none is marked as the answer."""
    if said and said.source in ("final_line", "answer_line", "box"):
        return said
    asked = asked_words(question)[1]
    found: list[tuple[int, str, str]] = []
    for part in reversed(split_statements(text)[-4:]):
        told = _BECAUSE.split(part)[0]
        if not (_IF.search(told) or part.endswith("?")) and (date := concluded_date(told, question)):
            found.append((len(asked & content_words(part)), date, part))
    # Of several, the one that speaks of what was asked.
    if not found or (max(found)[0] == 0 and len({date for _, date, _ in found}) > 1):
        return said
    _, date, part = max(found, key=lambda each: each[0])
    return Claim((date,), said.source if said else "last_statement", False, part, said.losers if said else ())


def _named(text: str, said: Claim | None, question: str | None) -> Claim | None:
    """Return the claim, or a later statement with exactly one of the names in the question."""
    for part in reversed(split_statements(text)[-3:]):
        if said and part in (said.statement, said.texts[0]):
            break
        if len(names := names_in(part, question)) == 1:
            return Claim((names.pop(),), "last_statement", False, part)
    return said


def _worded(text: str, said: Claim | None, wanted: str, question: str | None) -> Claim | None:
    """Return the claim, or the reference if a statement gives it as the answer and no other word is marked as one.

    The names of the question are other words only if the reference is among them: "Canada" is not what its capital could be.
    """
    marked = said is not None and said.source != "last_statement" and re.search(r"[A-Za-z]{2}", said.texts[0])
    sentence = None if marked else find_word(text, wanted, question)
    if sentence is None:
        return said
    others = names_in(sentence, question) - {wanted.casefold()}
    if wanted.casefold() not in (asked := (question or "").casefold()):
        others = {name for name in others if name not in asked}
    if others:
        return said
    return _stated(wanted, said, sentence)


def _picked(reply: Reply, said: Claim | None, options: Options) -> Claim | None:
    """Return the picked letter, or the letter of the option whose text is claimed, or else the claim itself."""
    pick = pick_letter(reply.text)
    value = next((letter for text in said.texts if (letter := options.letter_of(_same, text))), None) if said else None
    # Both a letter and a value: the later one counts.
    later = said is not None and (pick is None or reply.text.find(said.statement[:40]) > pick.start)
    if value and said and later and not (pick and tells_of_options(said.statement)):
        return Claim((value,), said.source, False, said.statement, said.losers)
    if pick:
        source = said.source if said and said.source in ("final_line", "box") else "answer_line"
        losers = tuple(Loser(letter, sentence, 0.0) for letter, sentence in pick.others)
        return Claim((pick.letter,), source, False, pick.sentence, losers)
    if named := named_in(options, reply.text):
        return _stated(named[0], said, named[1])
    return said


def _stated(text: str, said: Claim | None, sentence: str) -> Claim:
    """Return a claim of another text than the one that was found, which tells how it is marked."""
    return Claim((text,), said.source if said else "last_statement", False, sentence)


def _as_option(wanted: str, claim: Claim, options: Options) -> str:
    """Return the reference in the form of the claim: a letter if the claim is a letter, otherwise the text of the option."""
    if not _letter(claim.texts[0]):
        if (letter := _letter(wanted)) and options.text_of(letter):
            return options.text_of(letter) or wanted
        return wanted
    return _letter(wanted) or options.letter_of(_same, wanted) or wanted


def _letter(text: str) -> str | None:
    found = REFERENCE.fullmatch(text)
    return found[1] if found else None


def _same(a: str, b: str) -> bool:
    return answers_equal(a, b, timeout=1.0)  # short: several options may have to be compared


def _word(positive: bool, wanted: str) -> str:
    if read_polarity(wanted) == positive:
        return wanted
    yes, no = ("true", "false") if wanted.strip(" .").lower() in ("true", "false") else ("yes", "no")
    return yes if positive else no
