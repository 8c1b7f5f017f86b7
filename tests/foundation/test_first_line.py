"""The one line that messages quote of an error."""

import pytest

from trace_of_thought.foundation.visible import first_line


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no such file\nat line 3"), "no such file"),
        (ValueError("\n\n  the cause \n"), "the cause"),
        (TimeoutError(), "TimeoutError"),
        (RuntimeError("x" * 1000), "x" * 300),
    ],
)
def test_it_has_text_and_an_end(error, said):
    assert first_line(error) == said
