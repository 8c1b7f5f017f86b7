import pytest

from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.run.estimate import estimate


def plan_of(sums, count, **fields):
    models = {"teachers": "openai:gpt-4.1", "students": [{"model": "scripted:s"}, {"model": "openai:nobody-knows"}]}
    return make_plan(build_config({"problems": sums(count), **models, **fields}))


def test_a_shared_teacher_is_counted_once_and_unknown_prices_stay_unknown(sums):
    found = estimate(plan_of(sums, 10, methods="trace_of_thought", modes=["joint", "sequential"]), None)
    assert [made.teacher[1].calls for made in found] == [10, 0, 0, 0]
    assert [made.student[1].cost for made in found] == [0, 0, None, None]
    assert found[0].teacher[1].cost > 0
    assert found[1].student[1].calls == 5 * found[0].student[1].calls


def test_what_is_done_is_not_counted_and_its_averages_are_used(experiment, sums):
    fields = {"methods": "standard", "students": "scripted:s"}
    _, journal = experiment(problems=sums(4), **fields)
    [made] = estimate(plan_of(sums, 10, **fields), journal)
    assert (made.done, made.problems, made.student[1].calls) == (4, 6, 6)
    [cell] = journal.cells()
    words = [row["student_input_tokens"] for row in journal.rows(cell["id"])]
    assert made.student[1].input_tokens == pytest.approx(6 * sum(words) / 4, abs=1)


def test_what_a_teacher_said_tells_what_it_will_say(experiment, sums):
    fields = {"methods": "trace_of_thought", "students": "scripted:s", "teachers": "scripted:t"}
    _, journal = experiment(problems=sums(4), **fields)
    [made] = estimate(plan_of(sums, 10, **fields), journal)
    replies = list(journal.replies())
    assert made.teacher[1].output_tokens == 6 * replies[0]["output_tokens"]
    assert made.teacher[1].input_tokens == pytest.approx(6 * sum(reply["input_tokens"] for reply in replies) / 4, abs=1)


def test_few_shot_examples_are_counted_in_the_words_of_each_way(sums):
    fields = {"methods": ["standard", "trace_of_thought"], "modes": ["program", "program_of_thought > program"]}
    plain, shown = (estimate(plan_of(sums, 4, shots=[shots], **fields), None) for shots in (0, 3))
    added = [more.student[0].input_tokens - less.student[0].input_tokens for less, more in zip(plain, shown, strict=True)]
    assert min(added) > 4 * 150
    assert len(set(added)) > 1


def test_replies_of_a_teacher_with_a_key_are_not_paid_for_again(experiment, sums):
    teacher = {"model": "scripted:t", "options": {"api_key": "a-key-of-mine"}}
    fields = {"methods": "trace_of_thought", "students": "scripted:s", "teachers": [teacher]}
    experiment(problems=sums(4), **fields)
    _, journal = experiment(problems=sums(4), **fields)
    found = estimate(plan_of(sums, 4, modes=["joint", "sequential", "hint"], **fields), journal)
    assert [made.teacher[1].calls for made in found] == [0, 0, 4]


LADDER = "standard > chain_of_thought if always > program_of_thought if differs > teacher if differs"


@pytest.mark.parametrize(
    ("fields", "student", "teacher"),
    [
        ({"modes": [LADDER]}, [(24, 36)], [(0, 12)]),
        ({"modes": ["standard > teacher"]}, [(12, 12)], [(0, 12)]),
        ({"modes": ["standard > sequential if always > hint"], "samples": [2]}, [(24 + 120, 24 + 120 + 24)], [(12, 24)]),
        # the plans that the ladder may need are certain beside joint
        ({"modes": ["standard > program", "joint"]}, [(12, 24), (12, 12)], [(0, 0), (12, 12)]),
        ({"modes": ["joint"], "max_attempts": 3}, [(12, 36)], [(12, 12)]),
    ],
)
def test_a_ladder_needs_what_is_certain_and_at_most_all_its_rungs(sums, fields, student, teacher):
    found = estimate(plan_of(sums, 12, methods="trace_of_thought", students="openai:nobody-knows", **fields), None)
    assert [tuple(use.calls for use in made.student) for made in found] == student
    assert [tuple(use.calls for use in made.teacher) for made in found] == teacher


def test_a_solution_by_the_teacher_is_longer_than_its_plan(sums):
    [plan], [solution] = (
        estimate(plan_of(sums, 4, methods="trace_of_thought", students="scripted:s", modes=[mode]), None)
        for mode in ("joint", "hint")
    )
    assert [made.teacher[0].output_tokens for made in (plan, solution)] == [600, 1000]
