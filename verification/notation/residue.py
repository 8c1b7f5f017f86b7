"""Cut a response down to the reply itself: up to the first end token, without thoughts and invented further turns."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Marks by which chat templates begin the assistant's turn, where a response still has them.
_BEGIN = re.compile(
    r"\s*(?:(?:<s>|<bos>|<\|begin_of_text\|>|<\|im_start\|>\s*assistant|<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>"
    r"|<\|assistant\|>|<start_of_turn>\s*model|<[|｜]Assistant[|｜]>|(?:\[INST\][^\[\]]*)?\[/INST\])\s*)+"
)
# Tokens that end a turn, in the templates of the usual models.
_END = re.compile(
    r"<\|(?:im_end|im_start|endoftext|end_of_text|eot_id|eom_id|end|return|call|start_header_id|user|system|assistant"
    r"|begin_of_text)\|>|</?s>|<eos>|<end_of_turn>|<start_of_turn>|\[/?INST\]|<[|｜](?:end[_▁]of[_▁]sentence|User)[|｜]>"
)
_FINAL_CHANNEL = "<|channel|>final<|message|>"
_MARKED = re.compile(r"(?:^|\n)\W*(?:final )?answer\W{0,4}:\W*\w|\\boxed\s*\{[^{}]+\}|####\s*\S|\banswer is\W+\w", re.I)
# A further problem or turn that a small model invents after its answer.
_NEXT_TURN = re.compile(
    r"\n\W{0,8}(?:Human|User|Question|Problem|Instruction|Input|Student|Exercise|Q)\b(?:\s*\d+)?\W{0,3}:", re.I
)
_DANGLING_WORD = (
    r"(?:is|are|was|were|be|the|of|by|to|and|an|we|which|with|for|in|from|that|times|equals|has|have|will|each|per|get|then|if|than"
    r"|at|as|because|since|her|his|their|our|its|so|plus|minus|add|subtract|multiply|divide|into|need)"
)
# The last line ends in an operator or in a word that cannot end a sentence.
_DANGLING = re.compile(rf"(?:\s[-+*/=<(]|[-+*/=(,\\]|\b{_DANGLING_WORD})\s*$")
# A box or a formula that was begun and not ended.
_UNCLOSED = re.compile(r"\\boxed\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*$|(?<!\\)\\\[(?:(?!\\\]).)*$|\\\((?:(?!\\\)).)*$", re.S)

LIST_MARKER = re.compile(r"[\s*#>_-]*(?:step\s*)?\(?(?P<number>\d{1,3})[.):][\s*_]*", re.I)
"""The number of an item, "3." or "(3)" or "Step 3:"."""
_SENTENCE_ENDS = re.compile(r"[.!?\n]\s+")
_GOES_ON = re.compile(
    r"\b(?:now|then|next|but|however|finally|multipl\w+|subtract\w*|add\w*|divid\w+|calculat\w+|find|real|we|so|therefore|thus)\b|\d\s*[-+*/=]",
    re.I,
)
"""What breaks off computes further: the value before it was no conclusion."""


@dataclass(frozen=True)
class Reply:
    """The text of a reply; `finished` is false where it breaks off: then only an explicit conclusion counts."""

    text: str
    finished: bool = True


def read_reply(response: str) -> Reply:
    """Return what a model said in its own turn, of the last 20,000 characters that are left."""
    text, finished = response, True
    if "<" in text or "INST]" in text:
        text, finished = _tagged(text)
    if (turn := _NEXT_TURN.search(text)) and (marked := _MARKED.search(text)):
        turn = _NEXT_TURN.search(text, marked.end())
        text = text[: turn.start()] if turn else text
    return _unbroken(text, finished)


def _tagged(text: str) -> tuple[str, bool]:
    if _FINAL_CHANNEL in text:
        text = text.rpartition(_FINAL_CHANNEL)[2]
    if begin := _BEGIN.match(text):
        text = text[begin.end() :]
    if "</think>" in text:
        thought, _, said = text.rpartition("</think>")
        said = _ended(said)
        return (said, True) if said.strip() else (_ended(thought.replace("<think>", "")), False)
    return _ended(text.replace("<think>", "")), "<think>" not in text


def _ended(text: str) -> str:
    end = _END.search(text)
    return text[: end.start()] if end else text


def _repeated(text: str) -> int:
    """Return the length of a last sentence that breaks off while it repeats the one before, else 0."""
    begin = max(text.rfind(". "), text.rfind("\n"), text.rfind("! ")) + 1
    last = text[begin:].lstrip()
    if len(last) < 9 or text.find(last) >= begin:
        return 0
    sentences = _SENTENCE_ENDS.split(text)
    return len(last) if len(sentences) > 1 and sentences[-2].startswith(last) else 0


def _unbroken(text: str, finished: bool) -> Reply:
    """Drop a last sentence that breaks off."""
    bare = text.rstrip(" \t\n*_`~")
    if not bare or (bare[-1] in ".!?)" and "\\" not in bare):
        return Reply(text, finished)
    if repeated := _repeated(bare[-600:]):
        return Reply(bare[:-repeated], finished)
    if bare[-1].isdecimal() and "\\" not in bare:
        return Reply(text, finished)
    begin = bare.rfind("\n") + 1
    tail = bare[max(0, len(bare) - 1500) :]
    if bare and (unclosed := _UNCLOSED.search(tail)):
        return Reply(bare[: len(bare) - len(tail) + unclosed.start()].rpartition("\n")[0], False)
    if bare and _DANGLING.search(bare[begin:][-80:]) and not re.search(r"[.!?:]\W*$", bare[-3:]):
        last = max(bare.rfind(". ", begin), begin - 1)
        last = begin - 1 if LIST_MARKER.fullmatch(bare, begin, last + 1) else last
        return Reply(bare[: last + 1], finished and not _GOES_ON.search(bare[last + 1 :]))
    return Reply(text, finished)
