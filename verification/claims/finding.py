"""Find the final answer of a response, its sentence, and the candidates that were not chosen. Start at `find_claim`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import inf

from ...foundation.arguments import need_text
from ..notation.asked import asked_words
from ..notation.clean import clean
from ..notation.layout import asks_below, losses_marked
from ..notation.objects import stated_answer
from ..notation.residue import Reply, read_reply
from ..notation.values import tidy
from ..verdicts import Loser, Source
from .choosing import CERTAIN, Choice, choose_claim
from .echoes import is_echo
from .statements import MAX_RESPONSE, Statement, has_value, rank_statements, split_statements

VALUE = 0.4
"""Weight of a statement's best value when statements are compared; the statement's own score has the weight 1."""
MOST_STATEMENTS = 4
"""Maximum number of statements whose values are read, the likeliest first."""
MOST_LOSERS = 5  # of a claim that are reported
# The last line that the prompts ask for: "Answer: 12", "**Answer:** 12".
_STRICT_LINE = re.compile(r"^\s*\**\s*Answer\s*:\s*\**\s*(\S.*?)?\s*\**\s*$", re.I)
_PLAIN = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
"""A claim that needs no further look."""
# "unknown", "N/A", "It cannot be determined from ...", "???".
_NO_ANSWER = re.compile(
    r"^\W*(?:none|n/?a|unknown\b.*|undetermined|indeterminate|i don'?t know|not sure|\.{2,}|(?:it )?(?:cannot"
    r"|can't|can not) be determined\b.*|\?+)\W*$",
    re.I,
)
# "Answer: the total. Answer: 12" repeats the marker; the last one counts.
_ANSWERS_AGAIN = re.compile(r".*\banswer\s*:\s*(?=\S)", re.I | re.S)
# "3 or 4", "either".
SEVERAL = re.compile(r"(?:^|\s)or(?:\s|$)|\beither\b")


@dataclass(frozen=True)
class Claim:
    """A claim with its restatements; `losers` are the claims of other sentences and the other values of its own sentence."""

    texts: tuple[str, ...]
    source: Source
    undecided: bool = False
    statement: str = ""
    losers: tuple[Loser, ...] = ()
    unit: str = ""
    """The known unit after the first text, or ""."""
    joined: tuple[str, str] | None = None
    """See `Choice.joined`."""

    @property
    def measured(self) -> tuple[str, ...]:
        """The texts, the first one with its unit."""
        return (f"{self.texts[0]} {self.unit}".strip(), *self.texts[1:])


def read_response(response: str, question: str | None = None) -> Reply:
    """Return the reply's own text in its clean form, of at most its last 20,000 characters.

    Raises:
        TypeError: the response or the question is no text.
    """
    need_text("response", response)
    need_text("question", question, optional=True)
    # Cleaning shortens a text, so more than the limit is read first.
    reply = read_reply(response[-4 * MAX_RESPONSE :], question)
    text = clean(reply.text[-MAX_RESPONSE:], below=not asks_below(question), question=question)
    return Reply(losses_marked(text, question), reply.finished)


def find_claim(reply: Reply, question: str | None, *, explain: bool = False) -> Claim | None:
    """Return what a clean reply claims, None if it claims nothing.

    Args:
        reply: from `read_response`.
        question: helps to tell the asked quantity from restated ones.
        explain: also look at candidates that cannot win any more, for `losers`.
    """
    strict = _STRICT_LINE.match(_last_line(reply.text)[:2000])
    # Most answers are plain numbers: skip everything else.
    if strict:
        plain = strict[1] if strict[1] and _PLAIN.fullmatch(strict[1]) else None
        claim = Claim((plain,), "final_line", False, plain) if plain else _line_claim(strict[1] or "", question)
        return replace(claim, losers=_other_claims(reply, question, claim)) if claim and explain else claim
    if (stated := stated_answer(reply.text, asked_words(question)[1])) is not None:
        return _line_claim(clean(stated), question, "answer_line")
    return _best_claim(reply, question, explain)


def _last_line(text: str) -> str:
    """Return the last line that is neither blank nor a repeated instruction."""
    text = text.rstrip()
    while text:
        before, _, line = text.rpartition("\n")
        if not is_echo(line):
            return line
        text = before.rstrip()
    return ""


def _line_claim(content: str, question: str | None, source: Source = "final_line") -> Claim | None:
    """Return the claim of a line that contains only the answer."""
    if again := _ANSWERS_AGAIN.match(content):
        content = content[again.end() :]
    if not content.strip() or _NO_ANSWER.match(content):
        return None
    chosen = next((part for part in reversed(split_statements(content)) if has_value(part)), content)
    choice = choose_claim(Statement(chosen, chosen, source, 0), question)
    if choice is None and re.match(r"\W*not\b", content, re.I):
        return None
    choice = choice or Choice((tidy(content),), CERTAIN)
    undecided = bool(SEVERAL.search(content))
    return Claim(choice.texts, source, undecided, content, unit=choice.unit, joined=choice.joined)


def _best_claim(reply: Reply, question: str | None, explain: bool) -> Claim | None:
    """Return the claim with the best score of statement and value together; stop when no other statement can win."""
    found: list[tuple[float, Statement, Choice]] = []
    ranking = rank_statements(reply.text, question, finished=reply.finished)
    for _ in range(MOST_STATEMENTS):
        best = max((total for total, *_ in found), default=-inf)
        # A statement below the limit cannot win even with the best value, which scores `CERTAIN`.
        statement = ranking.pop(-inf if explain else best - VALUE * CERTAIN)
        if statement is None:
            break
        if choice := choose_claim(statement, question):
            # Cut to +-`CERTAIN`: one value must not outweigh how its statement is put.
            found.append((statement.score + VALUE * max(-CERTAIN, min(CERTAIN, choice.score)), statement, choice))
    if not found:
        return None
    winner = max(found, key=lambda each: each[0])
    _, statement, choice = winner
    losers = [Loser(text, statement.text, round(score, 2)) for text, score in choice.losers]
    losers += [Loser(each[2].texts[0], each[1].text, round(each[0], 2)) for each in found if each is not winner]
    found_losers = tuple(losers[:MOST_LOSERS])
    return Claim(choice.texts, statement.source, statement.undecided, statement.text, found_losers, choice.unit, choice.joined)


def _other_claims(reply: Reply, question: str | None, taken: Claim) -> tuple[Loser, ...]:
    found = _best_claim(reply, question, True)
    if found is None:
        return ()
    best = Loser(found.texts[0], found.statement, 0.0)
    losers = (best, *found.losers) if found.texts[0] != taken.texts[0] else found.losers
    return tuple(loser for loser in losers if loser.answer != taken.texts[0])[:MOST_LOSERS]
