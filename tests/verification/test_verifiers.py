import pytest

from trace_of_thought.verification import Extracted, Verdict, as_verifier, choice, exact, mathematics, numeric, program

QUESTION = "Which is prime? (A) 21 (B) 23 (C) 25"


@pytest.mark.parametrize(
    ("verifier", "response", "reference", "status"),
    [
        (mathematics, "So it is 1/2.", "0.5", "correct"),
        (choice, "The answer is (B).", "B", "correct"),
        (choice, "So 23 is the only prime.", "B", "correct"),
        (choice, "The answer is (B).", "23", "correct"),
        (choice, "The answer is (C).", "B", "incorrect"),
        (choice, "I like numbers.", "B", "no_answer"),
        (exact, "Thinking...\nAnswer: New York", "new york", "correct"),
        (exact, "Answer: New  York.", "New York", "correct"),
        (exact, "Answer: York", "New York", "incorrect"),
        (exact, "", "New York", "no_answer"),
        (numeric(tolerance=0.01), "about 3.15 metres", "3.14", "correct"),
        (numeric(tolerance=0.01), "about 3.25 metres", "3.14", "incorrect"),
        (numeric(tolerance=0, absolute=0.5), "So x = 10.4.", "10", "correct"),
        (program, "Answer: 3.0000000000001", "3", "correct"),
        (program, "Answer: [1, 2.5]", "[1.0, 2.5]", "correct"),
        (program, "Answer: [2.5, 1]", "[1.0, 2.5]", "incorrect"),
        (program, "Answer: True", "1", "incorrect"),
        (program, "Answer: Fraction(1, 2)", "0.5", "correct"),
        (program, "Answer: {'a': 1}", '{"a": 1}', "correct"),
    ],
)
def test_shipped_verifiers(verifier, response, reference, status):
    assert verifier.verify(response, reference, question=QUESTION).status == status


@pytest.mark.parametrize("verifier", [mathematics, choice, exact, numeric(), program])
def test_shipped_verifiers_bring_their_own_extractor_and_comparison(verifier):
    assert as_verifier(verifier) is verifier
    found = verifier.extract("Answer: B" if verifier in (choice, exact) else "Answer: 12")
    assert verifier.equal(found.answer, found.answer)
    assert not verifier.equal(found.answer, "7")
    assert verifier.verify("Answer: 1", None).status in ("unchecked", "consistent")
    assert verifier.verify("Answer: 1", "").status in ("unchecked", "consistent")


def test_letters_vote_as_letters():
    answers = [choice.extract(text, question=QUESTION).answer for text in ("**B**", "The answer is (B) 23.", "So C.")]
    assert answers == ["B", "B", "C"]
    assert choice.equal("(B)", "b")


def test_a_tolerance_is_not_negative():
    with pytest.raises(ValueError, match="tolerance=-1"):
        numeric(-1)


def test_a_function_that_returns_a_bool_becomes_a_verifier():
    def same_words(response, reference):
        return set(response.split()) >= set((reference or "").split())

    verifier = as_verifier(same_words)
    verdict = verifier.verify("Answer: red blue", "blue", question="Which?")
    assert (verdict.status, verdict.answer) == ("correct", "red blue")
    assert verifier.extract("Answer: red blue").answer == "red blue"
    assert repr(verifier) == "same_words"


def test_a_function_that_returns_a_verdict_finds_its_own_claims():
    def last_word(response, reference, /, *, question=None):
        word = response.split()[-1]
        return Verdict("correct" if word == reference else "incorrect", word)

    verifier = as_verifier(last_word)
    assert verifier.extract("the word is blue").answer == "blue"
    assert verifier.equal("blue", "Blue")


def test_a_function_may_bring_an_extractor_and_a_comparison():
    def judge(response, reference, question=None):
        return reference in response

    judge.extract = lambda response: Extracted(response.split()[0], "answer_line")
    judge.equal = lambda a, b: a[0] == b[0]
    verifier = as_verifier(judge)
    assert verifier.extract("first second").answer == "first"
    assert verifier.equal("abc", "axy")


def test_a_status_is_a_verdict():
    assert as_verifier(lambda response, reference: "timeout").verify("x", "y").status == "timeout"


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (7, TypeError, "verifier=7 is no verifier: it cannot be called"),
        (
            "numeric",
            TypeError,
            "verifier='numeric' is no verifier: it is a name; .* imported from trace_of_thought.verification",
        ),
        (lambda response: True, TypeError, "cannot be called as"),
        (lambda response, reference, other: True, TypeError, "cannot be called as"),
        (lambda response, reference: 0.5, TypeError, "returned 0.5"),
        (lambda response, reference: "right", TypeError, "returned 'right'"),
        (lambda response, reference: 1 / 0, ValueError, "raised ZeroDivisionError"),
    ],
)
def test_what_is_no_verifier_is_refused_with_a_reason(given, error, message):
    with pytest.raises(error, match=message):
        as_verifier(given)


def test_half_a_verifier_is_told_what_it_lacks():
    class Half:
        def verify(self, response, reference, *, question=None):
            return Verdict("correct")

    with pytest.raises(TypeError, match="lacks extract, equal"):
        as_verifier(Half())
