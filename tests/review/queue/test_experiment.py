"""`tot run --review`: what needs eyes waits, the rest is solved, decisions are taken up by the next run."""

import asyncio
import json

import pytest

from trace_of_thought.experiments.design.config_file import build_config
from trace_of_thought.experiments.design.plan import make_plan
from trace_of_thought.experiments.exchange.publishing import experiment_record
from trace_of_thought.experiments.journal.find_journal import find_journal
from trace_of_thought.experiments.report.html_report import make_report
from trace_of_thought.experiments.report.overview import overview
from trace_of_thought.experiments.report.review_effects import review_summary
from trace_of_thought.experiments.run.pausing import ReviewedCell
from trace_of_thought.experiments.run.preparing import open_journal
from trace_of_thought.experiments.run.runner import run_experiment
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.review import AlreadyTaken, ReviewDesk, open_queue
from trace_of_thought.review.errors import StoreError

GOOD = "1. Look at the number.\n2. Add one to it."


def plan_steps(prompt):
    """A teacher that computes the result of every even sum, but for what a reviewer sends back."""
    number = int(prompt.split("What is ")[1].split(" +")[0])
    return (
        GOOD if number % 2 or "sent your earlier steps back" in prompt else f"1. {number} + 101 = {number + 101}.\n2. Say it."
    )


def follow_steps(prompt):
    """A student that believes its steps: a computed result leads it astray."""
    number = int(prompt.split("What is ")[1].split(" +")[0])
    return f"Answer: {number + (101 if '101' in prompt else 1)}"


class World:
    def __init__(self, folder):
        self.folder = folder
        rows = [{"question": f"What is {n} + 1?", "reference": str(n + 1), "problem_id": f"p{n}"} for n in range(6)]
        (folder / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.teacher = ScriptedChatModel(script=plan_steps, model_name="planner")
        self.student = ScriptedChatModel(script=follow_steps, model_name="follower")
        self.queue = open_queue(folder / "reviews.sqlite")

    def run(self, **fields):
        fields = {
            "students": "scripted:s",
            "teachers": "scripted:t",
            "methods": "trace_of_thought",
            "review": "flagged",
            **fields,
        }
        plan = make_plan(build_config({"problems": str(self.folder / "sums.jsonl"), **fields}))
        models = {"scripted:s": self.student, "scripted:o": self.student, "scripted:t": self.teacher}
        with open_journal(plan, self.folder) as journal:
            outcome = asyncio.run(run_experiment(plan, journal, models=models, reviewer=ReviewDesk(self.queue)))
            rows = [row for cell in journal.cells() for row in journal.rows(cell["id"], detail=True)]
        return outcome, rows

    def statuses(self, **fields):
        return [row["status"] for row in self.run(**fields)[1]]

    def waiting(self):
        return sorted(self.queue.pending(), key=lambda item: item.problem_id)


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.queue.close()


def test_what_is_flagged_waits_and_the_rest_is_solved(world):
    outcome, rows = world.run()
    assert (outcome.done, outcome.waiting, outcome.failed, sum(outcome.missing.values())) == (3, 3, 0, 0)
    assert [row["status"] for row in rows] == ["waiting", "correct"] * 3
    assert [item.problem_id for item in world.waiting()] == ["p0", "p2", "p4"]
    with find_journal("experiment", world.folder) as journal:
        shown = overview(journal)
    assert (shown["state"], shown["waiting"], shown["solutions"]) == ("needs review", 3, 6)
    assert len(world.student.calls) == 3
    assert world.waiting()[0].teacher == "t"


def test_the_next_run_asks_nobody_twice(world):
    world.run()
    outcome, _ = world.run()
    assert (outcome.done, outcome.waiting) == (0, 3)
    assert (len(world.teacher.calls), len(world.student.calls)) == (6, 3)


@pytest.mark.parametrize("review", ["always", "flagged"])
def test_a_plan_that_fails_once_is_reviewed_all_the_same(world, review):
    failed = set()

    def fails_once(prompt):
        if prompt not in failed:
            failed.add(prompt)
            raise ValueError("busy")
        return plan_steps(prompt)

    world.teacher = ScriptedChatModel(script=fails_once, model_name="planner")
    outcome, rows = world.run(review=review)
    assert [row["status"] for row in rows] == (["waiting"] * 6 if review == "always" else ["waiting", "correct"] * 3)
    assert (outcome.failed, outcome.waiting) == (0, len(world.waiting()))
    assert len(world.student.calls) == 6 - outcome.waiting


@pytest.mark.parametrize("review", ["always", "flagged"])
def test_a_store_that_is_away_while_plans_are_made_lets_no_plan_through(world, review, monkeypatch):
    found, calls = ReviewedCell.holds, []

    async def away(self, unit):
        calls.append(unit)
        if len(calls) < 5:
            raise StoreError("away")
        return await found(self, unit)

    monkeypatch.setattr(ReviewedCell, "holds", away)
    _, rows = world.run(review=review)
    assert [row["status"] for row in rows] == (["waiting"] * 6 if review == "always" else ["waiting", "correct"] * 3)


def test_decisions_are_taken_up_by_the_next_run(world):
    world.run()
    first, second, third = world.waiting()
    world.queue.decide(first.number, {"type": "edit", "args": {"steps": ["Count one further."]}}, reviewer="ann", seconds=5)
    world.queue.decide(second.number, {"type": "approve", "message": "fine"}, reviewer="ann")
    world.queue.decide(third.number, {"type": "reject", "message": "do not compute"}, reviewer="ann")
    _, rows = world.run()
    assert [row["status"] for row in rows] == ["correct", "correct", "incorrect", "correct", "waiting", "correct"]
    assert rows[0]["detail"]["steps"] == ["Count one further."]
    review = rows[0]["detail"]["reviews"][0]
    assert (review["decision"], review["reviewer"], review["steps"][1]) == ("edit", "ann", "Say it.")
    assert "1. Count one further." in "".join(world.student.calls)
    [again] = world.waiting()
    assert (again.problem_id, again.steps) == ("p4", ["Look at the number.", "Add one to it."])
    with pytest.raises(AlreadyTaken):
        world.queue.undo(first.number)
    world.queue.decide(again.number, "approve", reviewer="bob")
    assert world.statuses() == ["correct", "correct", "incorrect", "correct", "correct", "correct"]
    assert len(world.teacher.calls) == 7


def test_a_person_may_be_a_rung_and_the_teacher_is_paid_only_where_it_is_reached(world):
    def unsure(prompt):
        number = int(prompt.split("What is ")[1].split(" +")[0])
        return f"Answer: {number + 1}" if number != 4 or "following steps" in prompt else "I cannot say."

    world.student.script = unsure
    ladder = {"review": "never", "modes": "standard > reviewed joint if no_answer"}
    outcome, rows = world.run(**ladder)
    assert (outcome.done, outcome.waiting, outcome.failed) == (5, 1, 0)
    assert len(world.teacher.calls) == 1
    [item] = world.waiting()
    assert item.problem_id == "p4"
    world.queue.decide(item.number, {"type": "edit", "args": {"steps": ["Count one further."]}}, reviewer="ann")
    _, rows = world.run(**ladder)
    assert [row["status"] for row in rows] == ["correct"] * 6
    assert rows[4]["detail"]["rung"] == "reviewed joint"
    assert (len(world.teacher.calls), len(world.student.calls)) == (1, 7)
    with find_journal("experiment", world.folder) as journal:
        assert review_summary(journal)[0]["edited"] == 1
        assert "redecompose" in experiment_record(journal, whole=False).cells[0].prompts_used


def test_two_students_share_one_review(world):
    assert world.run(students=["scripted:s", "scripted:o"])[0].waiting == 6
    assert len(world.waiting()) == 3
    for item in world.waiting():
        world.queue.decide(item.number, {"type": "edit", "args": {"steps": ["Count one further."]}})
    assert world.statuses(students=["scripted:s", "scripted:o"]) == ["correct"] * 12


def test_a_crash_while_a_decision_is_taken_up_loses_nothing(world):
    world.run()
    item = world.waiting()[0]
    world.queue.decide(item.number, "approve")
    world.student.script = lambda prompt: (_ for _ in ()).throw(ConnectionError("gone"))
    outcome, rows = world.run(retries=0)
    assert (rows[0]["status"], outcome.failed) == ("error", 1)
    world.student.script = follow_steps
    assert world.statuses()[0] == "incorrect"


def test_the_counterfactual_solves_from_the_original_steps_too(world):
    world.run(counterfactual=True)
    for item in world.waiting():
        world.queue.decide(item.number, {"type": "edit", "args": {"steps": ["Count one further."]}})
    _, rows = world.run(counterfactual=True)
    other = rows[2]["detail"]["counterfactual"]
    assert (rows[2]["status"], other["status"], other["answer"]) == ("correct", "incorrect", "103")
    assert other["steps"][0] == "2 + 101 = 103."


@pytest.mark.parametrize(
    ("ladder", "answer"),
    [
        ("standard > reviewed joint if always", "103"),
        ("standard > joint if always > reviewed joint if always", "103"),
        # the counterfactual climbs to the teacher, who solves instead of repeating its steps
        ("standard > reviewed joint if always > teacher if differs", "3"),
    ],
)
def test_the_counterfactual_of_a_ladder_leaves_out_its_reviews(world, ladder, answer):
    world.teacher.script = lambda prompt: (plan_steps if "numbered list" in prompt else follow_steps)(prompt)
    fields = {"review": "never", "modes": ladder, "counterfactual": True, "limit": 3}
    world.run(**fields)
    for item in world.waiting():
        world.queue.decide(item.number, {"type": "edit", "args": {"steps": ["Count one further."]}})
    outcome, rows = world.run(**fields)
    other = rows[2]["detail"]["counterfactual"]
    assert (outcome.failed, rows[2]["status"], other["answer"], other["steps"][0]) == (0, "correct", answer, "2 + 101 = 103.")


def test_the_counterfactual_is_paid_for_and_has_the_seed_of_its_cell(world):
    class Seeded(ScriptedChatModel):
        def _reply(self, messages, options):
            seeds.append(self.seed)
            calls.append(messages[-1].text)
            return super()._reply(messages, options)

    seeds, calls = [], []
    world.student = Seeded(script=follow_steps)
    student = {"model": "scripted:s", "price": {"input": 1e6, "output": 0}}
    fields = {"students": [student], "seeds": [0, 1], "counterfactual": True}
    world.run(**fields)
    for item in world.waiting():
        world.queue.decide(item.number, {"type": "edit", "args": {"steps": ["Count one further."]}})
    world.run(**fields)
    assert (seeds.count(0), seeds.count(1)) == (9, 9)
    with find_journal("experiment", world.folder) as journal:
        totals = journal.totals()
    words = sum(len(prompt.split()) for prompt in calls)
    assert (totals["student_tokens"], totals["cost_usd"]) == (words + 2 * len(calls), words)


def test_the_report_says_what_review_changed(world):
    world.run(counterfactual=True)
    first, second, _ = world.waiting()
    world.queue.decide(first.number, {"type": "edit", "args": {"steps": ["Count one further."]}}, seconds=4)
    world.queue.decide(second.number, "approve")
    world.run(counterfactual=True)
    with find_journal("experiment", world.folder) as journal:
        [found] = review_summary(journal)
        report = make_report(journal)
    assert {name: found[name] for name in ("reviewed", "waiting", "approved", "edited", "rejected")} == {
        "reviewed": 2,
        "waiting": 1,
        "approved": 1,
        "edited": 1,
        "rejected": 0,
    }
    assert (found["reviewed_right"], found["unreviewed_right"]) == ((1, 2), (3, 3))
    assert (found["changed_right"], found["original_right"]) == ((1, 1), (0, 1))
    assert (found["words"] > 0, found["seconds"]) == (True, 4.0)
    assert "<h2>Reviews</h2>" in report.html
    assert "accuracy reviewed" in report.markdown


def test_a_policy_is_a_cell_of_its_own(world):
    assert world.statuses(review="never") == ["incorrect", "correct"] * 3
    assert world.statuses().count("waiting") == 3
