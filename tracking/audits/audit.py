"""Put a sample of verdicts into one of MLflow's review queues, and read the reviewers' answers."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...foundation.commands import call, program
from ..store.errors import TrackingUnavailable
from ..store.paging import items_of_all_pages
from ..store.private import tracing_client
from .estimates import Answered, Audited, estimate
from .questions import ANSWERS, REASONS, RIGHT, WHY, Answer, question, read_answer, read_reasons, review_queues
from .strata import SAYS_RIGHT, Drawn, Judged, draw, judged

if TYPE_CHECKING:
    from ..store.store import Store

_TAG = "tot.audit."
"""Prefix of tags; the id of a queue follows. The experiment's tag has the design of the audit, a trace's tag its stratum and
probability. MLflow's review queues have no field for either."""

_PAGE = 500


@dataclass(frozen=True)
class Queued:
    """A new audit: the name of its queue, its sample, and its page in MLflow's UI (None for a database)."""

    name: str
    sample: Drawn
    page: str | None


@dataclass
class Findings:
    """The results of an audit so far.

    Attributes:
        name: name of the queue.
        strata: counts of the answers, by stratum.
        estimates: estimated error rates; None until the first answer.
        reasons: number of times that each answer to "If not, why?" was given.
        waiting: number of traces that nobody has answered.
        unclear: number of traces that reviewers could not judge or disagreed about.
        lost: number of sampled traces that are no longer in the queue or in MLflow.
    """

    name: str
    strata: dict[str, Answered]
    estimates: Audited | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    unclear: int = 0
    lost: int = 0


def start_audit(store: Store, experiment: str, size: int, *, users: Sequence[str] = (), seed: int = 0) -> Queued:
    """Put a sample of an experiment's verdicts into a new review queue.

    Args:
        store: an open tracking store.
        experiment: name of the MLflow experiment.
        size: number of traces to draw.
        users: reviewers to assign, at most 10; anyone if empty.
        seed: seed of the random sample.

    Raises:
        TrackingUnavailable: the store is unreachable, has no review queues, or has no such experiment.
        ValueError: no trace of the experiment has a verdict.
    """
    experiment_id = _experiment_id(store, experiment)
    sample = draw(_population(store, experiment_id), size, seed=seed)
    if not sample.sizes:
        raise ValueError(f"no trace of {experiment!r} has a verdict: run it with problems whose answers are known")
    with review_queues(store) as queues:
        # MLflow shows the question that was created last at the top.
        schemas = [question(experiment_id, WHY, REASONS), question(experiment_id, RIGHT, ANSWERS)]
        name = f"verdicts {1 + len(_audits(store, experiment_id))}"
        made = queues.create_review_queue(
            name, queue_type="custom", users=list(users), schema_ids=schemas, experiment_id=experiment_id
        )
        for stratum, traces in sample.traces.items():
            drawn = json.dumps({"stratum": stratum, "probability": round(sample.probability(stratum), 6)})
            for trace in traces:
                store.client.set_trace_tag(trace, _TAG + made.queue_id, drawn)
            for start in range(0, len(traces), 100):
                queues.add_items_to_review_queue(made.queue_id, item_ids=traces[start : start + 100])
    counts = {stratum: len(traces) for stratum, traces in sample.traces.items()}
    design = {"name": name, "at": time.time(), "seed": seed, "sizes": sample.sizes, "drawn": counts}
    # Written last: an audit that failed half-way has no design, so `read_audit` does not find it.
    store.client.set_experiment_tag(experiment_id, _TAG + made.queue_id, json.dumps(design))
    return Queued(name, sample, store.page(f"/experiments/{experiment_id}/review-queue?selectedQueueId={made.queue_id}"))


def read_audit(store: Store, experiment: str, name: str | None = None) -> Findings:
    """Return the results of an audit so far.

    Args:
        store: an open tracking store.
        experiment: name of the MLflow experiment.
        name: name of the queue. Default: the latest audit.

    Raises:
        TrackingUnavailable: the store is unreachable, has no review queues, or has no such experiment.
        LookupError: there is no such audit.
    """
    experiment_id = _experiment_id(store, experiment)
    audits = _audits(store, experiment_id)
    known = {design["name"]: queue_id for queue_id, design in audits.items()}
    if not known or (name and name not in known):
        there = "there is " + (
            ", ".join(map(repr, known)) or f"none; start one with: {call('audit', experiment, '--sample', '100')}"
        )
        raise LookupError(f"{experiment!r} has no audit {name!r}; {there}" if name else f"{experiment!r} has no audit; {there}")
    name = name or list(known)[-1]
    design = audits[known[name]]
    with review_queues(store) as queues:
        items = items_of_all_pages(lambda token: queues.list_review_queue_items(known[name], max_results=100, page_token=token))
        traces = [item.item_id for item in items]
    return _findings(store, known[name], design, traces)


def _findings(store: Store, queue_id: str, design: Mapping[str, Any], traces: Sequence[str]) -> Findings:
    answers: dict[str, list[Answer]] = {stratum: [] for stratum in design["sizes"]}
    reasons: Counter[str] = Counter()
    client = tracing_client(store.uri)
    for trace in traces:
        info = client.get_trace_info(trace)
        drawn = info.tags.get(_TAG + queue_id)
        if drawn is not None:  # a trace that somebody added by hand has no known probability and cannot enter the estimate
            answers[json.loads(drawn)["stratum"]].append(read_answer(info.assessments))
            reasons.update(read_reasons(info.assessments))
    strata = {
        stratum: Answered(size, *_tally(answers[stratum]), verdict=stratum.startswith(SAYS_RIGHT))
        for stratum, size in design["sizes"].items()
    }
    found = [answer for given in answers.values() for answer in given]
    return Findings(
        design["name"],
        strata,
        estimate(strata) if any(stratum.judged for stratum in strata.values()) else None,
        reasons,
        waiting=found.count("waiting"),
        unclear=found.count("unclear"),
        lost=sum(design["drawn"].values()) - len(found),
    )


def _tally(answers: Sequence[Answer]) -> tuple[int, int]:
    return answers.count("yes") + answers.count("no"), answers.count("no")


def _population(store: Store, experiment_id: str) -> Iterator[Judged]:
    for trace in items_of_all_pages(
        lambda token: store.client.search_traces(
            locations=[experiment_id], max_results=_PAGE, page_token=token, include_spans=False
        )
    ):
        if (found := judged(trace.info.trace_id, trace.info.assessments)) is not None:
            yield found


def _audits(store: Store, experiment_id: str) -> dict[str, dict[str, Any]]:
    """Return the designs of an experiment's audits by queue id, the oldest first."""
    tags = store.client.get_experiment(experiment_id).tags
    found = {key.removeprefix(_TAG): json.loads(value) for key, value in tags.items() if key.startswith(_TAG)}
    return dict(sorted(found.items(), key=lambda pair: pair[1]["at"]))


def _experiment_id(store: Store, experiment: str) -> str:
    found = store.client.get_experiment_by_name(experiment)
    if found is None:
        raise TrackingUnavailable(f"{store.shown_uri} has no experiment {experiment!r}; {program()} ui shows those that it has")
    return str(found.experiment_id)
