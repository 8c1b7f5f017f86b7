"""Cut a response to the reply itself: up to the first end token, without thoughts and invented turns. Start at `read_reply`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .asked import content_words

# Marks by which chat templates begin the assistant's turn, if a response still contains them.
_BEGIN = re.compile(
    r"\s*(?:(?:<s>|<bos>|<\|begin_of_text\|>|<\|im_start\|>\s*assistant|<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>"
    r"|<\|assistant\|>|<start_of_turn>\s*model|<[|｜]Assistant[|｜]>|(?:\[INST\][^\[\]]*)?\[/INST\])\s*)+"
)
# Tokens that end a turn, in the templates of the usual models.
_END = re.compile(
    r"<\|(?:im_end|im_start|endoftext|end_of_text|eot_id|eom_id|end|return|call|start_header_id|user|system|assistant"
    r"|begin_of_text)\|>|</?s>|<eos>|<end_of_turn>|<start_of_turn>|\[/?INST\]|<[|｜](?:end[_▁]of[_▁]sentence|User)[|｜]>"
)
_FINAL_CHANNEL = "<|channel|>final<|message|>"  # of gpt-oss: what comes before it are thoughts
# An explicit answer: "Answer: 12", "\boxed{12}", "#### 12", "the answer is 12".
_MARKED = re.compile(r"(?:^|\n)\W*(?:final )?answer\W{0,4}:\W*\w|\\boxed\s*\{[^{}]+\}|####\s*\S|\banswer is\W+\w", re.I)
# A further problem or turn that a small model invents after its answer.
_NEXT_TURN = re.compile(
    r"\n\W{0,8}(?=[HUQPISENAFDВ问問])(?:(?:Next|New|Another) )?"
    r"(?:Human|User|Question|Problem|Instruction|Input|Student|Exercise|Q|Pregunta|Frage"
    r"|Aufgabe|Pergunta|Domanda|Вопрос|问题|問題)\b(?:\s*\d+)?\W{0,3}[:：]",
    re.I,
)
_DIGITS = re.compile(r"\d+")
# The name that a problem begins with: "Ana has 25 marbles", "安娜有25个".
_SUBJECT = re.compile(
    r"[\s\"*]*(?:(?!(?:He|She|It|They|There|This|That|What|Who|Each|Everyone|Someone|Now|Then|How|Which|If|Does|Is|Was)\b)"
    r"([A-ZÀ-Þ][a-zà-ÿ]+) (?:has|had|is|was|a|hat|tiene|tem|ha|[a-z]{2,12}(?:s|ed))\b|([\u4e00-\u9fff]{1,4})有)"
)
_DIALOGUE = re.compile(r"\n\W{0,8}(?:Human|User)\W{0,3}:[^\n]{0,2000}\n+\W{0,8}(?:Assistant|AI|Bot|Model)\W{0,3}:")
"""Another turn with its reply, both invented: "User: And 2 + 2?" and "Assistant: 4" on the next line."""
_DANGLING_WORD = (
    r"(?:is|are|was|were|be|the|of|by|to|and|an|we|which|with|for|in|from|that|times|equals|has|have|will|each|per|get|then|if|than"
    r"|at|as|because|since|her|his|their|our|its|so|plus|minus|add|subtract|multiply|divide|into|need)"
)
# The last line ends in an operator or in a word that cannot end a sentence.
_DANGLING = re.compile(rf"(?:\s[-+*/=<(]|[-+*/=(,\\]|\b{_DANGLING_WORD})\s*$")
_HALF_DONE = re.compile(r"\b(?:multiply|add|subtract|divide|multiplying|adding|subtracting|dividing)\s+[$€£]?\d[\d.,]*$", re.I)
"""An operation whose second number is missing: "multiply 12"."""
# A fence, and one that begins a program: "```python", or a fence whose first line is code.
_FENCE = re.compile(r"^[ \t]*```", re.M)
_PROGRAM_BEGINS = r"[ \t]*```(?:[ \t]*(?:python3?|py)\b|[^\n]*\n\s*(?:def |import |from \w+ import ))"
_IS_PROGRAM = re.compile(_PROGRAM_BEGINS, re.I)
_PROGRAM = re.compile(rf"^{_PROGRAM_BEGINS}.*?^[ \t]*```[ \t]*$\n?", re.I | re.M | re.S)
_ANNOUNCES = re.compile(
    r"(?:\b(?:total|answer|result|sum|solution|cost|price|amount|number)\b|^\W*(?:so|therefore|thus|hence|now|next|then|finally)\b)"
    r"[^\n:]{0,60}:\W*$",
    re.I,
)
"""A last line that announces a value that does not follow: "Total:"."""
# "Let's verify this with a program".
_TO_CHECK = re.compile(r"\b(?:verify|check|confirm)\b", re.I)
# The result at the end of a text: "= $160.".
_LAST_RESULT = re.compile(r"=\s*[$€£]?(-?\d[\d,]*(?:\.\d+)?)[^\n\d=]*$")
# A complete box, with one level of braces inside.
_BOX = re.compile(r"\\boxed\s*\{(?:[^{}]|\{[^{}]*\})*\}")
# A box or a formula that was begun and not ended.
_UNCLOSED = re.compile(r"\\boxed\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*$|(?<!\\)\\\[(?:(?!\\\]).)*$|\\\((?:(?!\\\)).)*$", re.S)

LIST_MARKER = re.compile(r"[\s*#>_-]*(?:step\s*)?\(?(?P<number>\d{1,3})[.):](?!\d)[\s*_]*", re.I)
"""The number of an item, "3." or "(3)" or "Step 3:"."""
# Where one sentence ends and the next begins.
_SENTENCE_ENDS = re.compile(r"[.!?\n]\s+")
_GOES_ON = re.compile(
    r"\b(?:now|then|next|but|however|finally|multipl\w+|subtract\w*|add\w*|divid\w+|calculat\w+|find|real|we|so|therefore|thus)\b|\d\s*[-+*/=]",
    re.I,
)
"""The unfinished sentence continues the computation: "Now we add". The value before it was no conclusion."""


@dataclass(frozen=True)
class Reply:
    """The text of a reply; `finished` is False if it breaks off. Then only an explicit conclusion counts."""

    text: str
    finished: bool = True


def read_reply(response: str, question: str | None = None) -> Reply:
    """Return what a model said in its own turn; the question helps to recognise one that the model invents after it."""
    text, finished = response, True
    if "<" in text or "INST]" in text:
        text, finished = _tagged(text)
    if (talk := _DIALOGUE.search(text)) and text[: talk.start()].strip():
        text = text[: talk.start()]
    if turn := _NEXT_TURN.search(text):
        text = text[: _own_end(text, turn, question)]
    if "```" in text:
        text, finished = _without_programs(text, finished)
    return _unbroken(text, finished)


def _own_end(text: str, turn: re.Match[str], question: str | None) -> int:
    """Return where a reply ends that has the mark of another turn; "Question:" may also be part of its reasoning."""
    if question:
        for each in _NEXT_TURN.finditer(text, turn.start()):
            if _is_invented(text, each, question):
                return each.start()
    marked = _MARKED.search(text)
    following = _NEXT_TURN.search(text, marked.end()) if marked else None
    # A reply that asks itself one thing after another: "Question: ... Answer: 25 / Question: ... Answer: 21".
    if question and marked and turn.start() < marked.start():
        return len(text)
    return following.start() if following else len(text)


def _is_invented(text: str, turn: re.Match[str], question: str) -> bool:
    """Return whether another problem follows a finished reply: the question and the reply lack its numbers, name or words."""
    said = text[: turn.start()].rstrip()
    asked = text[turn.end() :].lstrip().split("\n")[0]
    if said.endswith((":", ",")) or not _DIGITS.search(said) or not ("?" in asked or "？" in asked):
        return False
    before = f"{question} {said}"
    if set(_DIGITS.findall(asked)) - set(_DIGITS.findall(before)):
        return True
    if (named := _SUBJECT.match(asked)) and (named[1] or named[2]) not in before:
        return True
    words = content_words(asked)
    return len(words) > 2 and len(words - content_words(before)) > len(words) / 2


def _without_programs(text: str, finished: bool) -> tuple[str, bool]:
    """Drop programs: their numbers are no claims. A conclusion before an unfinished one counts if it was to check it."""
    text = _PROGRAM.sub("", text)
    fences = list(_FENCE.finditer(text))
    if len(fences) % 2 == 0 or not _IS_PROGRAM.match(text, fences[-1].start()):
        return text, finished
    before = text[: fences[-1].start()].rstrip()
    return before, finished and bool(_TO_CHECK.search(before[before.rfind("\n") + 1 :]))


def _tagged(text: str) -> tuple[str, bool]:
    if _FINAL_CHANNEL in text:
        text = text.rpartition(_FINAL_CHANNEL)[2]
    if begin := _BEGIN.match(text):
        text = text[begin.end() :]
    if "</think>" in text:
        thought, _, said = text.rpartition("</think>")
        said = _ended(said)
        return (said, True) if said.strip() else (_ended(thought.replace("<think>", "")), False)
    # Nothing follows the thoughts: the reply was cut off, and the thoughts are all there is.
    return _ended(text.replace("<think>", "")), "<think>" not in text


def _ended(text: str) -> str:
    end = _END.search(text)
    return text[: end.start()] if end else text


def _repeated(text: str) -> int:
    """Return the length of a last sentence that breaks off while it repeats the sentence before it; otherwise 0."""
    begin = max(text.rfind(". "), text.rfind("\n"), text.rfind("! ")) + 1
    last = text[begin:].lstrip()
    if len(last) < 9 or text.find(last) >= begin:
        return 0
    sentences = _SENTENCE_ENDS.split(text)
    return len(last) if len(sentences) > 1 and sentences[-2].startswith(last) else 0


def _unbroken(text: str, finished: bool) -> Reply:
    """Drop a last sentence that breaks off, and note whether the rest is finished."""
    bare = text.rstrip(" \t\n*_`~")
    if not bare or (bare[-1] in ".!?)" and "\\" not in bare):
        return Reply(text, finished)
    if repeated := _repeated(bare[-600:]):
        return Reply(bare[:-repeated], finished)
    begin = bare.rfind("\n") + 1
    # A last line that ends with a digit is mostly the result.
    if bare[-1].isdecimal() and "\\" not in bare and not _HALF_DONE.search(bare[begin:][-80:]):
        return Reply(text, finished)
    tail = bare[max(0, len(bare) - 1500) :]
    if unclosed := _UNCLOSED.search(tail):
        if boxes := list(_BOX.finditer(tail, unclosed.start())):
            return Reply(bare[: len(bare) - len(tail) + boxes[-1].end()], finished)
        return Reply(bare[: len(bare) - len(tail) + unclosed.start()].rpartition("\n")[0], False)
    if _breaks_off(bare[begin:][-80:]):
        last = max(bare.rfind(". ", begin), begin - 1)
        # "3." is the number of an item, not the end of a sentence.
        last = begin - 1 if LIST_MARKER.fullmatch(bare, begin, last + 1) else last
        said, cut = bare[: last + 1], bare[last + 1 :]
        return Reply(said, finished and (_says_again(said, cut) or not (_GOES_ON.search(cut) or cut[-1:] == ":")))
    return Reply(text, finished)


def _breaks_off(line: str) -> bool:
    return bool(
        _HALF_DONE.search(line)
        or _ANNOUNCES.search(line)
        or (_DANGLING.search(line) and not re.search(r"[.!?:]\W*$", line[-3:]))
    )


def _says_again(said: str, cut: str) -> bool:
    """Return whether an unfinished sentence only repeats the result before it: "= $160. So she earns $160 per"."""
    result = _LAST_RESULT.search(said.rstrip()[-200:])
    return bool(result) and re.findall(r"-?\d[\d,]*(?:\.\d+)?", cut) == [result[1] if result else ""]
