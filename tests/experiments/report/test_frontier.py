"""The frontier: what a teacher on demand gains, against asking as often at random."""

import re

import pytest

from trace_of_thought.experiments.report.frontier.calibration import calibrate, condition_named, policy_of
from trace_of_thought.experiments.report.frontier.figure import frontier_figure
from trace_of_thought.experiments.report.frontier.headline import headline
from trace_of_thought.experiments.report.frontier.points import above_mixing, frontier_cells, frontiers
from trace_of_thought.experiments.report.html_report import make_report
from trace_of_thought.experiments.report.scores import conditions
from trace_of_thought.experiments.report.summary import comparisons
from trace_of_thought.models import ScriptedChatModel

LADDER = "standard > teacher if wrong_arithmetic"
EXCLUDE = [{"student": "t", "method": "trace_of_thought"}]
EVERYTHING = "standard > teacher if always"


def _number(prompt):
    return int(prompt.split("What is ")[1].split(" +")[0])


def _weak(prompt):
    """Wrong, with a false equation, on every third problem."""
    n = _number(prompt)
    return f"{n} + 1 = {n + 3}\nAnswer: {n + 3}" if n % 3 == 1 else f"{n} + 1 = {n + 1}\nAnswer: {n + 1}"


def _teacher(prompt):
    n = _number(prompt)
    return f"{n} + 1 = {n + 1}\nAnswer: {n + 1}"


@pytest.fixture
def journal(experiment, sums):
    models = {"scripted:s": ScriptedChatModel(script=_weak), "scripted:t": ScriptedChatModel(script=_teacher)}
    return experiment(
        models,
        problems=sums(120),
        modes=[EVERYTHING, LADDER],
        students=["scripted:s", "scripted:t"],
        exclude=EXCLUDE,
    )[1]


def test_a_ladder_with_a_true_signal_lies_above_random_mixing(journal):
    [frontier] = [made for made in frontiers(conditions(journal)) if made.student == "s"]
    alone, everything, ladder, master = frontier.points
    assert [point.kind for point in frontier.points] == ["student", "taught", "taught", "teacher"]
    assert [round(point.accuracy.value, 3) for point in frontier.points] == [0.667, 1.0, 1.0, 1.0]
    assert ladder.tokens == pytest.approx(everything.tokens / 3, rel=0.05)
    share = ladder.tokens / master.tokens  # the prompt for a solution is longer than the one for an answer
    assert ladder.above.value == pytest.approx(1 / 3 - share / 3)
    assert ladder.above.low > 0
    assert ladder.p_holm < 0.05 < everything.p_holm
    start, end = frontier.mixing("tokens")
    assert start == (0.0, alone.accuracy.value)
    assert end == (master.tokens, 1.0)


def test_asking_at_random_is_no_better_than_random_mixing():
    student, teacher = [1.0, 0.0] * 200, [1.0] * 400
    at_random = [1.0, 1.0, 1.0, 0.0] * 100
    above, p = above_mixing(at_random, student, teacher, 0.5)
    assert above.value == pytest.approx(0.0)
    assert p > 0.5


def test_the_headline_names_gain_and_cost_and_a_cheaper_ladder(journal):
    read = conditions(journal)
    said = headline(comparisons(journal), frontiers(read))
    assert re.match(r"trace_of_thought \(t, standard > teacher if always\) lifts s on sums by 33\.3 points over standard", said)
    assert re.search(
        r"it costs \d+ output tokens of the teacher per problem; .*wrong_arithmetic\) reaches 100\.0 % for \d+", said
    )


def test_what_is_compared_with_a_plan_is_told_by_what_it_costs_beyond_the_plan(experiment, sums):
    def weak(prompt):
        return _weak(prompt) if "steps" in prompt else "Answer: 999"

    models = {"scripted:s": ScriptedChatModel(script=weak), "scripted:t": ScriptedChatModel(script=_teacher)}
    ladder = "joint > teacher if wrong_arithmetic"
    _, journal = experiment(models, problems=sums(60), methods=["trace_of_thought"], modes=["joint", ladder])
    read = conditions(journal)
    assert re.search(r"costs \d+ more output tokens .* \(\d+ in all\)", headline(comparisons(journal), frontiers(read)))


def test_the_headline_tells_where_the_teacher_itself_would_do_better(experiment, sums):
    def weak(prompt):
        n = _number(prompt)
        return f"Answer: {n + 1}" if n % 3 == 0 and "steps" in prompt else "Answer: 999"

    models = {"scripted:s": ScriptedChatModel(script=weak), "scripted:t": ScriptedChatModel(script=_teacher)}
    _, journal = experiment(models, problems=sums(60), students=["scripted:s", "scripted:t"], exclude=EXCLUDE)
    said = headline(comparisons(journal), frontiers(conditions(journal)))
    assert "(0.0 % to 33.3 %, n = 60, p < .001)" in said
    assert re.search(r"own answers to randomly chosen problems would reach \d+\.\d % \(p < \.001\)\.$", said)


def test_only_conditions_that_share_replies_share_their_tokens(experiment, sums, student):
    models = {"scripted:o": ScriptedChatModel(script=student.script)}
    sets, methods = [sums(2), sums(3, "more.jsonl")], ["standard", "trace_of_thought"]
    students = ["scripted:s", "scripted:o"]
    _, journal = experiment(models, problems=sets, methods=methods, students=students, teachers=["scripted:t", "self"])
    uses = {p.label: p.uses for made in frontiers(conditions(journal)) for p in made.of_kind("taught")}
    assert uses == {"trace_of_thought (t)": 2, "trace_of_thought (self)": 1}


def test_an_error_of_the_first_seed_is_no_wrong_answer(experiment, sums):
    class Failing(ScriptedChatModel):
        def _reply(self, messages, options):
            if self.seed == 1 and "What is 0 +" in messages[-1].text and "steps" not in messages[-1].text:
                raise ConnectionError("gone")
            return super()._reply(messages, options)

    models = {"scripted:s": Failing(script=_teacher), "scripted:t": ScriptedChatModel(script=_teacher)}
    _, journal = experiment(models, problems=sums(4), seeds=[1, 2])
    less, more = conditions(journal)
    found = policy_of(journal, less, more, "no_answer").found
    assert (found.n, found.gained, found.lost) == (4, 0, 0)


def test_points_have_the_numbers_of_the_table(journal):
    made = [one for one in frontiers(conditions(journal)) if one.student == "s"]
    header, rows = frontier_cells(made)
    assert header[0] == "#"
    svg = frontier_figure(made)
    for row in rows:
        assert f">{row[0]}<" in svg
        assert f"{row[0]}  {row[3].replace('>', '&gt;')}"[:40] in svg
    assert "frontier_usd" not in make_report(journal).figures


def test_a_signal_is_chosen_on_one_half_and_judged_on_the_other(journal):
    read = [condition for condition in conditions(journal) if condition.cell["student_label"] == "s"]
    less, more = condition_named(read, "standard"), condition_named(read, "always")
    made = calibrate(journal, less, more)
    assert made.chosen_on.signal == made.judged_on.signal == "wrong_arithmetic"
    assert made.chosen_on.found.n + made.judged_on.found.n == 120
    assert made.judged_on.above.low > 0
    assert policy_of(journal, less, more, "wrong_arithmetic").asked == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="allow more"):
        calibrate(journal, less, more, max_output_tokens=-1)
    with pytest.raises(LookupError, match="names no combinations"):
        condition_named(read, "nonsense")
