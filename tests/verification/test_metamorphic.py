"""What must not change a verdict, and what must: an answer in 40 phrasings and 15 formats, residue, another value."""

from hypothesis import HealthCheck, given, settings, strategies as st

from trace_of_thought.verification import verify_answer

PHRASINGS = [
    "{a}",
    "Answer: {a}",
    "The answer is {a}.",
    "So the answer is {a}.",
    "Therefore, the answer is {a}.",
    "Final answer: {a}",
    "The final answer is {a}.",
    "**Answer:** {a}",
    "**Final Answer: {a}**",
    "#### {a}",
    "\\boxed{{{a}}}",
    "The final answer is \\boxed{{{a}}}.",
    "Thus, we get {a}.",
    "Hence the result is {a}.",
    "The result is {a}.",
    "In total, it is {a}.",
    "So it is {a}.",
    "That gives {a}.",
    "We conclude that it is {a}.",
    "After all the steps, the value is {a}.",
    "My answer: {a}",
    "The correct answer is {a}.",
    "It equals {a}.",
    "Finally, we obtain {a}.",
    "Consequently, it is {a}.",
    "Step 1: Read the problem.\nStep 2: Work it out.\nAnswer: {a}",
    "Let me think about this carefully.\n\nThe answer is {a}.\n\nI hope this helps!",
    "### Answer\n{a}",
    "### Final Answer\n\n> **{a}**",
    "<answer>{a}</answer>",
    '{{"answer": "{a}"}}',
    "The answer is: {a}",
    "The answer is {a}, as required.",
    "Respuesta: {a}",
    "La réponse est {a}.",
    "Die Antwort lautet {a}.",
    "答案是{a}。",
    "Ответ: {a}",
    "A resposta final é {a}.",
    "Risposta: {a}",
]
RESIDUE = [
    "<|im_end|>",
    "<|endoftext|>",
    "</s>",
    "<|eot_id|>",
    "<end_of_turn>\n",
    "<|im_end|>\n<|im_start|>user\nAnswer: 999",
    "<|endoftext|>Question: how many?\nAnswer: 999",
    "\n\n\n",
    "   ",
]
whole = st.integers(2, 99_999)
small = st.integers(2, 60)


@st.composite
def fraction(draw):
    down = draw(st.sampled_from([3, 7, 9, 11, 13]))
    return draw(st.integers(1, 50).filter(lambda up: up % down)), down


FORMATS = {
    "integer": whole.map(lambda n: (f"{n}", f"{n}", f"{n + 1}")),
    "negative": whole.map(lambda n: (f"-{n}", f"-{n}", f"{n}")),
    "thousands": whole.map(lambda n: (f"{n:,}", f"{n}", f"{10 * n}")),
    "decimal": whole.map(lambda n: (f"{n}.25", f"{n}.25", f"{n}")),
    "money": whole.map(lambda n: (f"${n}.50", f"{n}.5", f"{n}.05")),
    "percent": small.map(lambda n: (f"{n}%", f"{n}", f"{n + 3}")),
    "unit": small.map(lambda n: (f"{n} km", f"{n}", f"{n + 1}")),
    "fraction": fraction().map(lambda f: (f"{f[0]}/{f[1]}", f"\\frac{{{f[0]}}}{{{f[1]}}}", f"\\frac{{{f[0] + 1}}}{{{f[1]}}}")),
    "latex": fraction().map(lambda f: (f"$\\frac{{{f[0]}}}{{{f[1]}}}$", f"{f[0]}/{f[1]}", f"{f[0]}")),
    "mixed": small.map(lambda n: (f"{n}⅔", f"{3 * n + 2}/3", f"{n}")),
    "root": small.map(lambda n: (f"${n}\\sqrt{{5}}$", f"{n}\\sqrt{{5}}", f"{n}")),
    "pi": small.map(lambda n: (f"{n}π", f"{n}\\pi", f"{n}")),
    "pair": small.map(lambda n: (f"({n}, -{n + 1})", f"({n},-{n + 1})", f"(-{n + 1},{n})")),
    "interval": small.map(lambda n: (f"[{n}, {n + 5})", f"[{n},{n + 5})", f"[{n},{n + 5}]")),
    "polynomial": small.map(lambda n: (f"$x^2 + {n}x - 1$", f"x^2+{n}x-1", f"x^2-{n}x-1")),
}
answers = st.sampled_from(sorted(FORMATS)).flatmap(lambda name: FORMATS[name])
relaxed = settings(deadline=None, max_examples=600, suppress_health_check=[HealthCheck.too_slow])


def put(phrasing, answer):
    if phrasing.startswith("{{"):
        return phrasing.format(a=answer.replace("\\", "\\\\"))
    return phrasing.format(a=answer.strip("$") if ("boxed" in phrasing and "\\" in answer) or "x^" in answer else answer)


@relaxed
@given(answers, st.sampled_from(PHRASINGS))
def test_right_stays_right_in_every_phrasing_and_format(answer, phrasing):
    written, reference, _ = answer
    assert verify_answer(put(phrasing, written), reference).status == "correct"


@relaxed
@given(answers, st.sampled_from(PHRASINGS))
def test_another_value_is_wrong_in_every_phrasing_and_format(answer, phrasing):
    written, _, other = answer
    assert verify_answer(put(phrasing, written), other).status != "correct"


@relaxed
@given(answers, st.sampled_from(PHRASINGS), st.sampled_from(RESIDUE), st.booleans())
def test_residue_and_whitespace_change_no_verdict(answer, phrasing, residue, right):
    written, reference, other = answer
    response, wanted = put(phrasing, written), reference if right else other
    assert verify_answer(response + residue, wanted).status == verify_answer(response, wanted).status
