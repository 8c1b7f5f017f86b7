"""Kill `tot` at random moments of every phase, and count what is lost, doubled or paid twice: `python benchmarks/kills.py`.

Rounds of twenty kills (`tests/faults/killer.py`), each an experiment with tracking and review, until there are enough.
Results are printed round by round, so that an interrupted run has told all it knows.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "faults"))

from hostile_server import serving
from killer import PROGRAM, Round, play

PROBLEMS, TIMES = 80, 2


def startup_seconds() -> float:
    """Return how long a command takes here."""
    began = time.monotonic()
    subprocess.run([*PROGRAM, "run", "--help"], capture_output=True, check=True)
    return 2 * (time.monotonic() - began)


def empty_store(folder: Path) -> Path:
    """Make MLflow's tables once."""
    from mlflow import MlflowClient

    path = folder / "empty.db"
    MlflowClient(f"sqlite:///{path}").search_experiments(max_results=1)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=60, help="begin no further round after so long")
    parser.add_argument("--tracking-uri", help="an MLflow server; default: an SQLite store for each round")
    options = parser.parse_args()
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    print(f"seed {options.seed}", flush=True)
    phases: Counter[str] = Counter()
    lost, until = 0, time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        empty, number, seconds = empty_store(Path(folder)), 0, startup_seconds()
        while sum(phases.values()) < options.kills and time.monotonic() < until:
            number += 1
            place = Path(folder) / str(number)
            place.mkdir()
            shutil.copy(empty, place / "mlflow.db")
            uri = options.tracking_uri or f"sqlite:///{place / 'mlflow.db'}"
            with serving() as server:
                round_ = Round(place, server, random.Random(options.seed + number), uri, PROBLEMS, f"kills-{number}")
                try:
                    found = play(round_, TIMES, seconds)
                except AssertionError as error:  # a command that nobody disturbed has failed
                    found = [str(error)]
            hit = [kill for kill in round_.struck if kill.alive]
            phases += Counter(kill.phase for kill in hit)
            lost += bool(found)
            if found:
                found.append(f"kept in {shutil.copytree(place, tempfile.mkdtemp(prefix='kills-'), dirs_exist_ok=True)}")
            verdict = ", ".join(found) or "nothing lost"
            again = f"{round_.paid_again} calls in flight paid again, {round_.restored} traces restored"
            print(f"round {number}: {len(hit)} kills, {again}; {verdict}", flush=True)
            shutil.rmtree(place)
    print(f"{sum(phases.values())} kills in {number} rounds ({dict(phases)}): {lost} rounds lost or doubled something")


if __name__ == "__main__":
    main()
