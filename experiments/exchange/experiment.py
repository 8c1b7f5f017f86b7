"""Use an experiment in a notebook: rows, combinations and comparisons as pandas tables. The door is `load_experiment`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...foundation.folders import home
from ..journal.find_journal import find_journal
from ..report.compare_results import compare_pairs, matched
from ..report.summary import summarise
from .flat_rows import arrow_table, flat_rows

if TYPE_CHECKING:
    import pandas


class Experiment:
    """A finished or running experiment. Each call reads the journal anew, so results of a running one are current.

    Attributes:
        name: name of the experiment.
        path: path of its journal.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path

    def __repr__(self) -> str:
        return f"Experiment({self.name!r}, {str(self.path)!r})"

    def rows(self) -> pandas.DataFrame:
        """Return one row per problem and combination. `experiments.exchange.flat_rows.COLUMNS` explains the columns."""
        with find_journal(str(self.path), self.path.parent) as journal:
            return arrow_table(list(flat_rows(journal))).to_pandas()

    def cells(self) -> pandas.DataFrame:
        """Return one row per combination, seeds joined: accuracy (95 %), statuses, tokens, cost. See `summarise`."""
        import pandas

        with find_journal(str(self.path), self.path.parent) as journal:
            return pandas.DataFrame(summarise(journal))

    def compare(
        self, a: str, b: str, *, cluster: str | None = None, by: str | None = None, margin: float | None = None
    ) -> pandas.DataFrame:
        """Compare combinations on the problems that both have.

        Args:
            a: the base: an id, a label or part of one, or the path of another library's log.
            b: the combination or log to compare with it.
            cluster: column of the problems whose equal values mark dependent ones, such as a passage or a template.
            by: column of the problems to break the comparison down by.
            margin: also test whether b is as good as a within this difference in accuracy (0 to 1).

        Returns:
            One row per pair of combinations, and per part if `by` is given.

        Raises:
            LookupError: there is no such combination or column.
            ValueError: a log cannot be read.
        """
        import pandas

        def named(side: str) -> str:
            # a file is a log of another library; anything else names a combination of this experiment
            return side if Path(side).is_file() else f"{self.path}:{side}"

        pairs = matched(named(a), named(b), self.path.parent)
        return pandas.DataFrame(compare_pairs(pairs, cluster=cluster, by=by, margin=margin))


def load_experiment(name: str, *, folder: str | Path | None = None) -> Experiment:
    """Open an experiment by its name, or by the path of its journal.

    Args:
        name: name of the experiment, as in `tot list`, or path of its journal.
        folder: folder of the journals. Default: `TOT_HOME`, or `.trace_of_thought` in the current folder.

    Raises:
        FileNotFoundError: there is no such experiment; the message lists the known ones.

    Example:
        ```python
        from trace_of_thought.experiments import load_experiment

        rows = load_experiment("lift").rows()
        rows.groupby(["student", "method"])["score"].mean()
        ```
    """
    with find_journal(name, Path(folder) if folder else home()) as journal:
        return Experiment(journal.get("name") or journal.path.stem, journal.path.absolute())
