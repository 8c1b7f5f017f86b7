import pytest

from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.run.estimate import estimate


def plan_of(sums, count, **fields):
    models = {"teachers": "openai:gpt-4.1", "students": [{"model": "scripted:s"}, {"model": "openai:nobody-knows"}]}
    return make_plan(build_config({"problems": sums(count), **models, **fields}))


def test_a_shared_teacher_is_counted_once_and_unknown_prices_stay_unknown(sums):
    found = estimate(plan_of(sums, 10, methods="trace_of_thought", modes=["joint", "sequential"]), None)
    assert [made.teacher_calls for made in found] == [10, 0, 0, 0]
    assert [made.student_cost for made in found] == [0, 0, None, None]
    assert found[0].teacher_cost > 0
    assert found[1].student_calls == 5 * found[0].student_calls


def test_what_is_done_is_not_counted_and_its_averages_are_used(experiment, sums):
    fields = {"methods": "standard", "students": "scripted:s"}
    _, journal = experiment(problems=sums(4), **fields)
    [made] = estimate(plan_of(sums, 10, **fields), journal)
    assert (made.done, made.problems, made.student_calls) == (4, 6, 6)
    [cell] = journal.cells()
    words = [row["student_input_tokens"] for row in journal.rows(cell["id"])]
    assert made.student_tokens[0] == pytest.approx(6 * sum(words) / 4, abs=1)


def test_what_a_teacher_said_tells_what_it_will_say(experiment, sums):
    fields = {"methods": "trace_of_thought", "students": "scripted:s", "teachers": "scripted:t"}
    _, journal = experiment(problems=sums(4), **fields)
    [made] = estimate(plan_of(sums, 10, **fields), journal)
    replies = list(journal.replies())
    assert made.teacher_tokens[1] == 6 * replies[0]["output_tokens"]
    assert made.teacher_tokens[0] == pytest.approx(6 * sum(reply["input_tokens"] for reply in replies) / 4, abs=1)


def test_few_shot_examples_are_counted_in_the_words_of_each_way(sums):
    fields = {"methods": ["standard", "trace_of_thought"], "modes": ["program", "program_of_thought > program"]}
    plain, shown = (estimate(plan_of(sums, 4, shots=[shots], **fields), None) for shots in (0, 3))
    added = [more.student_tokens[0] - less.student_tokens[0] for less, more in zip(plain, shown, strict=True)]
    assert min(added) > 4 * 150
    assert len(set(added)) > 1


def test_replies_of_a_teacher_with_a_key_are_not_paid_for_again(experiment, sums):
    teacher = {"model": "scripted:t", "options": {"api_key": "a-key-of-mine"}}
    fields = {"methods": "trace_of_thought", "students": "scripted:s", "teachers": [teacher]}
    experiment(problems=sums(4), **fields)
    _, journal = experiment(problems=sums(4), **fields)
    found = estimate(plan_of(sums, 4, modes=["joint", "sequential", "hint"], **fields), journal)
    assert [made.teacher_calls for made in found] == [0, 0, 4]
