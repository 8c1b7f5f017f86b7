"""`tot rescore`: verify an experiment's solutions again without calling a model."""

from __future__ import annotations

from typing import Annotated

import typer

from ....experiments.journal.find_journal import find_journal
from ....experiments.run.rescoring import rescore as verify_again
from ....foundation.folders import home
from ....tracking import override_verdicts
from ...publish_results import opened, publish
from ...shared_options import TrackingUri


def rescore(
    experiment: Annotated[str, typer.Argument(help="Experiment name or path of its journal.")] = "experiment",
    tracking: Annotated[
        bool, typer.Option(help="Also correct the verdicts in MLflow; the old ones stay visible there.")
    ] = True,
    tracking_uri: TrackingUri = None,
) -> None:
    """Verify stored solutions again.

    Uses the installed version of the verifier and calls no model.
    """
    with find_journal(experiment, home()) as journal, opened(tracking, tracking_uri) as store:
        journal.claim()
        done = verify_again(journal)
        print(f"{done.rows} solutions verified again, {sum(done.changed.values())} verdicts changed")
        for (old, new), count in sorted(done.changed.items(), key=lambda item: -item[1]):
            print(f"  {count} x {old} -> {new}")
        if store is not None:
            if done.overrides:
                # Publishing again corrects the metrics; the overrides above only correct the traces.
                print(f"{override_verdicts(store, done.overrides)} traces corrected")
            print(f"MLflow: {publish(journal, store)}")
