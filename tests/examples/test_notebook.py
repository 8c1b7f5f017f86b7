import json
from pathlib import Path

NOTEBOOK = Path(__file__).parents[2] / "examples" / "experiment.ipynb"


def test_the_notebook_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.setenv("TOT_HOME", str(tmp_path))
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    names = {"__name__": "__main__"}
    for cell in cells:
        exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), names)
    rows = names["rows"]
    assert len(rows) == 2 * rows["problem_id"].nunique() >= 60
    assert set(rows["method"]) == {"standard", "chain_of_thought"}
