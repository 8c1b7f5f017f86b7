"""`tot audit`: check a sample of verdicts in MLflow's review queues, and estimate the verifier's error rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from ...foundation.commands import call, program
from ...tracking import Answered, Audited, Estimate, Findings, Queued, connect, read_audit, start_audit


def audit(
    experiment: Annotated[str, typer.Argument(help="MLflow experiment whose verdicts to check.")],
    sample: Annotated[int | None, typer.Option(min=1, help="Number of traces to put into a new review queue.")] = None,
    report: Annotated[bool, typer.Option("--report", help="Print the estimate from the reviewers' answers so far.")] = False,
    queue: Annotated[str | None, typer.Option(help="Review queue to use with --report. Default: the latest.")] = None,
    reviewer: Annotated[
        list[str] | None,
        typer.Option(help="User to assign to the new queue. May be repeated, up to 10 times. Default: anyone."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random sample.")] = 0,
    tracking_uri: Annotated[
        str | None, typer.Option(help="MLflow server or database. Default: MLFLOW_TRACKING_URI, or mlflow.db in this folder.")
    ] = None,
) -> None:
    """Estimate the verifier's error rate.

    With --sample, some traces go into a review queue of MLflow: those whose scorers disagree, close calls and random ones.
    Reviewers answer "Is the verdict right?" on the experiment's Review tab. With --report, prints the verifier's error rate
    and the corrected accuracy with 95 % intervals.
    """
    # Exactly one of the two.
    if (sample is None) != report:
        raise typer.BadParameter("give either --sample N or --report")
    with connect(tracking_uri) as store:
        if sample is not None:
            _show_queued(start_audit(store, experiment, sample, users=reviewer or [], seed=seed), experiment)
        else:
            for line in _lines(read_audit(store, experiment, queue)):
                print(line)


def _show_queued(queued: Queued, experiment: str) -> None:
    drawn = sum(len(traces) for traces in queued.sample.traces.values())
    print(f"{drawn} of {sum(queued.sample.sizes.values())} traces with a verdict are in the queue {queued.name!r}:")
    for stratum, traces in queued.sample.traces.items():
        print(f"  {len(traces):4} of {queued.sample.sizes[stratum]:6}  {stratum}")
    print(f"answer at {queued.page}" if queued.page else f"answer on the Review tab of the experiment; {program()} ui opens it")
    print(f"then: {call('audit', experiment, '--report')}")


def _lines(findings: Findings) -> Iterator[str]:
    """Yield the lines of a report."""
    judged = sum(stratum.judged for stratum in findings.strata.values())
    yield f"queue {findings.name!r}: {judged} verdicts judged, {findings.waiting} waiting, {findings.unclear} unclear" + (
        f", {findings.lost} of the sample missing" if findings.lost else ""
    )
    if findings.estimates is None:
        yield "nothing is estimated before the first answer"
        return
    yield ""
    yield f"{'stratum':36} {'traces':>7} {'judged':>7} {'wrong':>6}  verifier's error rate"
    for name, stratum in findings.strata.items():
        yield _row(name, stratum, findings.estimates.strata[name])
    yield ""
    yield from _totals(findings.estimates)
    for reason, count in findings.reasons.most_common():
        yield f"{count:4} x {reason}"
    if any(not stratum.judged for stratum in findings.strata.values()):
        yield "A stratum without judgements counts as one half, with its whole uncertainty: judge some of each."


def _row(name: str, stratum: Answered, rate: Estimate | None) -> str:
    shown = _percent(rate) if rate else "unknown: nobody judged one"
    return f"{name:36} {stratum.size:7} {stratum.judged:7} {stratum.wrong:6}  {shown}"


def _totals(found: Audited) -> Iterator[str]:
    named = {
        "error rate of the verifier": found.error_rate,
        'of the verdicts "right", wrong': found.false_right,
        'of the verdicts "wrong", wrong': found.false_wrong,
    }
    for name, rate in named.items():
        if rate:
            yield f"{name:36} {_percent(rate)}"
    yield f"{'accuracy, as the verifier says':36} {found.accuracy:.1%}"
    yield f"{'accuracy, corrected':36} {_percent(found.corrected)}"


def _percent(share: Estimate) -> str:
    return f"{share.value:.1%}  [{share.low:.1%}, {share.high:.1%}]"
