import asyncio
import threading

import pytest

from trace_of_thought.experiments.exchange.publishing import experiment_record
from trace_of_thought.experiments.report.summary import comparisons, summarise
from trace_of_thought.experiments.run.runner import AllFail
from trace_of_thought.models import ScriptedChatModel


def test_every_problem_of_every_cell_has_one_row(experiment, sums, student):
    outcome, journal = experiment(problems=sums(5), methods=["standard", "chain_of_thought", "trace_of_thought"])
    assert (outcome.done, outcome.failed, outcome.stopped_by) == (15, 0, "")
    assert len(student.calls) == 15
    for cell in journal.cells():
        rows = list(journal.rows(cell["id"], detail=True))
        assert [row["status"] for row in rows] == ["correct"] * 5
        assert [row["answer"] for row in rows] == ["1", "2", "3", "4", "5"]
        assert all(row["detail"]["solution"].endswith(f"Answer: {row['answer']}") for row in rows)


def test_a_teacher_is_asked_once_for_all_students_and_modes(experiment, sums, teacher, student):
    other = ScriptedChatModel(script=student.script, model_name="other")
    outcome, journal = experiment(
        {"scripted:o": other},
        problems=sums(6),
        methods="trace_of_thought",
        students=["scripted:s", "scripted:o"],
        modes=["joint", "sequential"],
    )
    assert outcome.done == 24
    assert len(teacher.calls) == 6
    assert journal.totals()["decompositions"] == 6
    [words] = {row["teacher_input_tokens"] for cell in journal.cells() for row in journal.rows(cell["id"])}
    assert words > 0


def test_one_prompt_set_does_not_answer_for_another(experiment, sums, teacher, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "decompose.txt").write_text("Plan this:\n{question}")
    experiment(problems=sums(3), methods="trace_of_thought", prompts=["default", str(tmp_path / "own")])
    assert sum(prompt.startswith("Plan this:") for prompt in teacher.calls) == 3
    assert len(teacher.calls) == 6


def test_the_student_as_its_own_teacher_shares_nothing_with_its_solutions(experiment, sums):
    student = ScriptedChatModel(
        script=lambda prompt: "1. Add.\n2. Say it." if "step-by-step prompts" in prompt else "Answer: 1"
    )
    experiment(
        {"scripted:s": student}, problems=sums(3), methods="trace_of_thought", teachers="self", modes=["joint", "sequential"]
    )
    decompositions = [prompt for prompt in student.calls if "step-by-step prompts" in prompt]
    assert len(decompositions) == 3
    assert len(student.calls) == 3 + 3 + 6


def test_a_failing_problem_is_tried_again_and_stops_nobody(experiment, sums, student):
    failures = []

    def sometimes(prompt):
        first = prompt not in failures
        if "What is 2 +" in prompt or ("What is 3 +" in prompt and first):
            failures.append(prompt)
            raise TimeoutError("no reply in 60 s")
        return student.script(prompt)

    flaky = ScriptedChatModel(script=sometimes)
    outcome, journal = experiment({"scripted:s": flaky}, problems=sums(6), methods="standard")
    assert (outcome.done, outcome.failed) == (6, 1)
    rows = {row["problem_id"]: row for row in journal.rows(journal.cells()[0]["id"])}
    assert rows["sums-3"]["status"] == "error"
    assert "TimeoutError: no reply in 60 s" in rows["sums-3"]["error"]
    assert (rows["sums-3"]["tries"], rows["sums-4"]["tries"], rows["sums-4"]["status"]) == (2, 2, "correct")
    [summary] = summarise(journal)
    assert (summary["n"], summary["accuracy"], summary["errors"], summary["retried"]) == (5, 1.0, 1, 2)


def test_what_a_failing_problem_used_is_counted(experiment, sums):
    answered, breaks = [], {"What is 1 +": 1, "What is 2 +": 3}

    def step_by_step(prompt):
        again = "one more" in prompt
        for problem, left in breaks.items():
            if again and problem in prompt and left:
                breaks[problem] -= 1
                raise ConnectionError("gone")
        answered.append(prompt)
        return "Answer: 3" if again else "one more"

    student = ScriptedChatModel(script=step_by_step)
    given = {"problems": sums(3), "methods": "trace_of_thought", "modes": "sequential"}
    price = {"model": "scripted:s", "price": {"input": 1e6, "output": 0}}
    for errors, solutions in ((1, 2), (0, 3)):
        outcome, journal = experiment({"scripted:s": student}, students=[price], **given)
        assert outcome.failed == errors
        totals = journal.totals()
        assert totals["student_tokens"] == sum(len(prompt.split()) + 2 for prompt in answered)
        assert totals["cost_usd"] == sum(len(prompt.split()) for prompt in answered)
        assert sum("one more" in prompt for prompt in answered) == solutions
    assert len(answered) == 1 + 2 + 4 + 3  # first steps of each problem, solutions


def test_a_failed_call_of_a_shared_teacher_is_made_by_the_next(experiment, sums):
    asked = []

    def once_broken(prompt):
        asked.append(prompt)
        if len(asked) == 1:
            raise ConnectionError("reset")
        return "1. Add.\n2. Say it."

    models = {"scripted:t": ScriptedChatModel(script=once_broken)}
    outcome, _ = experiment(models, problems=sums(1), methods="trace_of_thought", modes=["joint", "sequential"])
    assert (outcome.done, outcome.failed) == (2, 0)
    assert len(asked) == 2


def test_a_student_that_always_fails_is_given_up(experiment, sums):
    def broken(prompt):
        raise PermissionError("bad key")

    model = ScriptedChatModel(script=broken)
    with pytest.raises(AllFail, match=r"first 64 problems .* all failed; the last: PermissionError: bad key"):
        experiment({"scripted:s": model}, problems=sums(500), methods="standard")
    assert len(model.calls) < 150


def test_concurrency_is_kept_for_each_model(experiment, sums, student):
    class Watched(ScriptedChatModel):
        async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
            with lock:
                now[self.model_name] = now.get(self.model_name, 0) + 1
                peak[self.model_name] = max(peak.get(self.model_name, 0), now[self.model_name])
            await asyncio.sleep(0.002)
            with lock:
                now[self.model_name] -= 1
            return self._generate(messages, stop, None, **kwargs)

    lock, now, peak = threading.Lock(), {}, {}
    models = {
        "scripted:s": Watched(script=student.script, model_name="s"),
        "scripted:t": Watched(script=lambda prompt: "1. Add.\n2. Say.", model_name="t"),
    }
    experiment(
        models,
        problems=sums(60),
        methods="trace_of_thought",
        students=[{"model": "scripted:s", "concurrency": 12}],
        teachers=[{"model": "scripted:t", "concurrency": 3}],
    )
    assert peak["t"] == 3
    assert 3 <= peak["s"] <= 12


@pytest.mark.parametrize("limit", [{"max_tokens": 200}, {"max_cost_usd": 0.0002}])
def test_a_budget_stops_cleanly_and_says_what_is_missing(experiment, sums, limit):
    student = [{"model": "scripted:s", "concurrency": 1, "price": {"input": 1, "output": 1}}]
    outcome, journal = experiment(problems=sums(50), methods="standard", students=student, budget=limit)
    option = {"max_tokens": "--max-total-tokens=200", "max_cost_usd": "--max-cost-usd=0.0002"}
    assert outcome.stopped_by == option[next(iter(limit))]
    assert 0 < outcome.done < 50
    assert sum(outcome.missing.values()) == 50 - outcome.done
    if "max_tokens" in limit:
        assert 120 < journal.totals()["student_tokens"] <= 200
    assert journal.sessions()[-1]["outcome"] == outcome.stopped_by


def test_many_calls_in_flight_do_not_pass_a_budget(experiment, sums):
    """What is in flight is reserved: without that, 32 workers would each start a problem when the limit is near."""
    student = [{"model": "scripted:s", "concurrency": 32}]
    outcome, journal = experiment(problems=sums(200), methods="standard", students=student, budget={"max_tokens": 1000})
    used = journal.totals()["student_tokens"]
    each = used / outcome.done
    assert outcome.stopped_by == "--max-total-tokens=1000"
    assert 1000 - 2 * each <= used <= 1000


def test_a_budget_is_kept_although_problems_take_far_more_than_anyone_guessed(experiment, sums):
    class Long(ScriptedChatModel):
        def _reply(self, messages, options):
            usage = {"input_tokens": 100, "output_tokens": 2900, "total_tokens": 3000}
            return super()._reply(messages, options).model_copy(update={"usage_metadata": usage})

    models = {
        "scripted:s": Long(script=lambda prompt: "Answer: 3"),
        "scripted:t": Long(script=lambda prompt: "1. Add.\n2. Say."),
    }
    student = [{"model": "scripted:s", "concurrency": 32}]
    outcome, journal = experiment(models, problems=sums(60), students=student, budget={"max_tokens": 40_000})
    totals = journal.totals()
    assert outcome.stopped_by == "--max-total-tokens=40000"
    assert 30_000 <= totals["teacher_tokens"] + totals["student_tokens"] <= 40_000


def test_a_budget_below_one_problem_runs_one_of_each_combination(experiment, sums):
    student = [{"model": "scripted:s", "concurrency": 32}]
    outcome, _ = experiment(
        problems=sums(50), methods=["standard", "chain_of_thought"], students=student, budget={"max_tokens": 5}
    )
    assert outcome.done <= 2
    assert outcome.stopped_by == "--max-total-tokens=5"


def test_a_cost_limit_needs_known_prices(experiment, sums):
    models = [{"model": "openai:gpt-4.1", "base_url": "http://localhost:1/v1"}]
    with pytest.raises(ValueError, match=r"the price of the student 'openai:gpt-4\.1' is unknown"):
        experiment(problems=sums(3), methods="standard", students=models, budget={"max_cost_usd": 1})


def test_seeds_are_averaged_per_problem(experiment, sums, student):
    class Seeded(ScriptedChatModel):
        def _reply(self, messages, options):
            seen.append(self.seed)
            reply = super()._reply(messages, options)
            return reply if self.seed == 2 else reply.model_copy(update={"content": "Answer: 999"})

    seen = []
    model = Seeded(script=student.script)
    outcome, journal = experiment({"scripted:s": model}, problems=sums(4), methods="standard", seeds=[1, 2, 3])
    assert outcome.done == 12
    assert sorted(set(seen)) == [1, 2, 3]
    [summary] = summarise(journal)
    assert (summary["seeds"], summary["rows"], summary["n"]) == (3, 12, 4)
    assert summary["accuracy"] == pytest.approx(1 / 3)


def test_a_set_may_bring_its_own_scorer(experiment):
    pytest.importorskip("reasoning_gym")
    student = ScriptedChatModel(script=lambda prompt: "Answer: 3")
    _, journal = experiment({"scripted:s": student}, problems="generated:gsm_symbolic", limit=4, methods="standard")
    [summary] = summarise(journal)
    assert summary["n"] == 4
    assert summary["statuses"] == {"incorrect": 4}


def test_comparisons_count_the_flips(experiment, sums, student):
    def weak(prompt):
        number = int(prompt.split("What is ")[1].split(" +")[0])
        right = number >= 10 if "following steps" in prompt else number < 12
        return student.script(prompt) if right else "Answer: 999"

    _, journal = experiment({"scripted:s": ScriptedChatModel(script=weak)}, problems=sums(20))
    [found] = comparisons(journal)
    assert (found["a"], found["b"]) == ("standard", "trace_of_thought (t)")
    assert (found["n"], found["gained"], found["lost"]) == (20, 8, 10)
    assert found["difference"] == pytest.approx(-0.1)
    assert found["gain"] == pytest.approx(10 / 12 - 1)


def test_what_a_model_was_loaded_as_is_known_afterwards(experiment, sums, student):
    class Loaded(ScriptedChatModel):
        facts: dict = {"dtype": "bfloat16", "revision": None}

    _, journal = experiment({"scripted:s": Loaded(script=student.script)}, problems=sums(2), methods="standard")
    [cell] = experiment_record(journal, whole=True).cells
    assert cell.params["student_dtype"] == "bfloat16"


def test_a_cut_plan_is_flagged_for_every_student_although_the_teacher_counts_no_tokens(experiment, sums, student):
    class Silent(ScriptedChatModel):
        def _reply(self, messages, options):
            return super()._reply(messages, options).model_copy(update={"usage_metadata": None})

    models = {"scripted:t": Silent(script=lambda prompt: "1. Add one.", finish_reason="length"), "scripted:o": student}
    _, journal = experiment(models, problems=sums(1), methods="trace_of_thought", students=["scripted:s", "scripted:o"])
    rows = [row for cell in journal.cells() for row in journal.rows(cell["id"], detail=True)]
    assert ["truncated" in {flag["kind"] for flag in row["detail"]["flags"]} for row in rows] == [True, True]
    assert [row["unknown_tokens"] for row in rows] == [1, 1]
