"""What differs between two lists of steps."""

from trace_of_thought.review.web.differences import MAX_WORDS, compare_steps


def shown(before, after):
    return [(pair.before, pair.after) for pair in compare_steps(before, after)]


def test_words_that_differ_are_marked_on_both_sides():
    [pair] = shown(["Multiply 6 by 7."], ["Multiply six by 7 first."])
    assert pair == ("Multiply <del>6</del> by 7.", "Multiply <ins>six</ins> by 7<ins> first</ins>.")


def test_a_step_that_was_put_in_or_moved_leaves_the_others_beside_each_other():
    before = ["Multiply 6 by 7.", "State the product."]
    after = ["Read the problem.", "Multiply 6 by 7 first.", "State the product."]
    assert shown(before, after) == [
        (None, "<ins>Read the problem.</ins>"),
        ("Multiply 6 by 7.", "Multiply 6 by 7<ins> first</ins>."),
        ("State the product.", "State the product."),
    ]
    assert shown(["A b c.", "Gone."], ["A b c."])[1] == ("<del>Gone.</del>", None)


def test_hostile_steps_are_text_and_end_in_time():
    [pair] = shown(["<b> is\u202e 1 </b>"], ["<b> is 2 </b>"])
    assert pair == ("&lt;b&gt; is<del>‹U+202E›</del> <del>1</del> &lt;/b&gt;", "&lt;b&gt; is <ins>2</ins> &lt;/b&gt;")
    long = "word " * MAX_WORDS
    assert shown([long], [long + "end"])[0][1].startswith("<ins>")
    many = [f"Step {n}" for n in range(2000)]
    assert len(shown(many, many[1:])) == 2000
    assert shown([], []) == []
