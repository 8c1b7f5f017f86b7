import pytest

from trace_of_thought.nodes.solving.vote import vote


@pytest.mark.parametrize(
    ("answers", "winner", "agreement"),
    [
        (["3", "4", "4"], 1, 2 / 3),
        (["0.5", "3", "1/2"], 0, 2 / 3),
        (["$1,000", "7", "1000"], 0, 2 / 3),
        (["3", "4"], 0, 1 / 2),
        ([None, "4", None], 1, 1 / 3),
        ([None, None], 0, 0.0),
        (["4"], 0, 1.0),
    ],
)
def test_equivalent_answers_vote_together(answers, winner, agreement):
    assert vote(answers) == (winner, pytest.approx(agreement))
