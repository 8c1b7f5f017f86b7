"""Prepare the journal of a run: open it for writing, and store configuration, problem sets and cells."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from ...foundation.redaction import Redactor
from ..design.plan import Plan
from ..journal.find_journal import journal_path
from ..journal.journal import Journal
from ..journal.records import PromptTexts


def open_journal(plan: Plan, home: Path) -> Journal:
    """Open the journal of a plan, take its write lock, and store the plan in it.

    Args:
        plan: the experiment.
        home: folder of the journals.

    Returns:
        The open journal. Closing it releases the lock.

    Raises:
        JournalBusy: another run is writing to the journal.
        JournalDamaged: parts of the journal cannot be read.
        OSError: the journal cannot be written.
    """
    journal = Journal(journal_path(home, plan.config.name))
    with ExitStack() as if_it_fails:
        if_it_fails.push(journal)
        journal.claim()
        note_plan(plan, journal)
        # success: the caller closes the journal
        if_it_fails.pop_all()
    return journal


def note_plan(plan: Plan, journal: Journal) -> None:
    """Store configuration, problem sets and cells in the journal, so that reports need nothing else. Secrets are removed."""
    journal.set("name", plan.config.name)
    redactor = Redactor()
    config = redactor.configuration(plan.config.model_dump(mode="json", exclude_defaults=True))
    journal.set("config", json.dumps(config, ensure_ascii=False))
    for name, problems in plan.sets.items():
        digest = journal.get(f"digest of {name}")
        # a set of 100,000 problems is not written again at each resume
        if digest != problems.digest:
            journal.add_problems(problems, {"digest": problems.digest, "issues": problems.issues})
            journal.set(f"digest of {name}", problems.digest)
    for cell in plan.cells:
        prompts = plan.prompts[cell.prompts_hash]
        texts = PromptTexts(name=prompts.name, version=prompts.version, hash=prompts.hash, texts=dict(prompts.texts))
        journal.add_cell(redactor.configuration(cell.as_dict()), texts)
