"""Ten kills at random moments of every phase; `benchmarks/kills.py` does it until there are 200."""

import random
import shutil

import pytest
from killer import Round, play

pytest.importorskip("langchain_openai")


@pytest.mark.slow
@pytest.mark.timeout(900)  # eighteen processes, each of them seconds of imports on a busy machine
def test_nothing_is_lost_or_doubled_by_kills_in_every_phase(tmp_path, hostile, empty_database, fault_seed):
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    round_ = Round(tmp_path, hostile, random.Random(fault_seed), f"sqlite:///{tmp_path / 'mlflow.db'}")
    assert play(round_) == []
    assert sum(kill.alive for kill in round_.struck) >= 5
