"""Use your own problems and verifier beyond mathematics: sets of words, correct in any order."""

import asyncio
import json
import tempfile
from pathlib import Path

from trace_of_thought import build_trace_of_thought, load_problems
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.verification import Verdict, extract_answer

ROWS = [
    {"question": "Which planets have no moon?", "reference": "Mercury, Venus", "domain": "astronomy"},
    {"question": "Which are the primary colours of light?", "reference": "red, green, blue", "domain": "physics"},
]


def same_words(response: str, reference: str | None, /, *, question: str | None = None) -> Verdict:
    """Compare the words of the final answer with those of the reference."""
    found = extract_answer(response, question=question)
    if found is None:
        return Verdict("no_answer", reference=reference)
    if reference is None:
        return Verdict("unchecked", answer=found.answer)
    right = _words(found.answer) == _words(reference)
    return Verdict("correct" if right else "incorrect", answer=found.answer, source=found.source, reference=reference)


def _words(text: str) -> set[str]:
    return {word for word in text.lower().replace(",", " ").replace(".", " ").split() if word != "and"}


teacher = ScriptedChatModel(script=lambda prompt: "1. List the candidates.\n2. Drop those that do not fit.")
student = ScriptedChatModel(script={"planets": "Answer: Venus and Mercury", "colours": "Answer: red, yellow, blue"})
graph = build_trace_of_thought(teacher, student, verifier=same_words)


async def main() -> None:
    """Solve all problems of a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "words.jsonl")
        file.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
        problems = load_problems(str(file))
    results = await graph.abatch([problem.as_input() for problem in problems])
    for result in results:
        print(f"{result['status']:10} {result['answer']}")


if __name__ == "__main__":
    asyncio.run(main())
