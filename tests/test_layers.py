"""The house: which room may import which, and that only one knows MLflow."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALL = {"graphs", "nodes", "prompts", "models", "verification", "problems", "experiments", "tracking", "review", "cli"}
MAY_IMPORT = {
    "prompts": set(),
    "models": set(),
    "verification": set(),
    "problems": set(),
    "tracking": set(),
    "nodes": {"graphs.state", "prompts", "verification"},
    "graphs": {"models", "nodes", "prompts", "tracking", "verification"},
    "review": {"graphs", "nodes", "tracking"},
    "experiments": ALL - {"cli", "review"},
    "cli": ALL,
}


def imported(file):
    """Yield what a file imports: `graphs.state` of a sister room, the full name of anything outside."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == 2:
            yield from [node.module] if node.module else [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield f"/{node.module}"
        elif isinstance(node, ast.Import):
            yield from (f"/{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", sorted(ALL))
def test_a_room_imports_only_what_the_house_allows(room):
    files = [file for pattern in ("*.py", "*.pyi") for file in (ROOT / room).rglob(pattern)]
    assert files
    for file in files:
        for name in imported(file):
            where = f"{file.relative_to(ROOT)} imports {name}"
            if name.startswith("/"):
                assert room == "tracking" or name.partition(".")[0] != "/mlflow", where
            else:
                assert {name, name.partition(".")[0]} & MAY_IMPORT[room], where
