"""The house: which room may import which, that only one knows MLflow, and that no folder is crowded."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GROUND = {"foundation", "prompts", "models", "verification", "problems", "programs", "tracking"}
ROOMS = GROUND | {"nodes", "graphs", "review", "experiments", "cli"}
MAY_IMPORT = {
    "foundation": set(),
    "prompts": {"foundation"},
    "models": {"foundation"},
    "verification": {"foundation"},
    "programs": {"foundation"},
    "problems": {"foundation"},
    "tracking": {"foundation"},
    "nodes": {"foundation", "programs", "prompts", "verification"},
    "graphs": {"foundation", "models", "nodes", "prompts", "verification"},
    "graphs/interfaces": {"foundation", "graphs", "models", "nodes", "prompts", "tracking", "verification"},
    "review": {"foundation", "graphs", "nodes", "tracking"},
    "experiments": ROOMS - {"cli", "review"},
    "cli": ROOMS,
}
WITHIN = {
    "models": {
        "engine": {"weights"},
        "weights": set(),
        "chat": {"engine", "weights"},
        "replicas": set(),
        "remote": set(),
        "": {"chat", "engine", "remote", "replicas", "weights"},
    },
    "verification": {
        "notation": set(),
        "equivalence": {"notation", ""},
        "claims": {"notation", ""},
        "kinds": {"notation", "claims"},
        "steps": {"notation", "claims", ""},
        "adapters": {""},
        "": {"notation", "claims", "equivalence", "kinds", "steps"},
    },
    "experiments": {
        "journal": set(),
        "design": {"journal"},
        "run": {"design", "inference", "journal"},
        "inference": set(),
        "logs": set(),
        "report": {"design", "inference", "journal", "logs"},
        "exchange": {"design", "inference", "journal", "logs", "run", "report"},
        "": {"design", "inference", "journal", "logs", "run", "report", "exchange"},
    },
    "tracking": {
        "store": set(),
        "traces": {"store"},
        "runs": {"store", "traces"},
        "serving": {"store"},
        "audits": {"store"},
        "": {"store", "traces", "runs", "serving", "audits"},
    },
    "review": {"": {"queue", "web"}, "queue": {""}, "web": {"", "queue"}},
    "nodes": {"asking": {""}, "solving": {"", "asking"}, "": {"asking", "solving"}},
}
"""What the sub-packages of a room may import of each other; "" is the room's own top."""
MOST_FILES = 15
OUTSIDE = {"tests", "docs", "examples", "benchmarks", "src", "build", "dist", "site"}


def modules_of(room):
    files = [file for pattern in ("*.py", "*.pyi") for file in (ROOT / room).rglob(pattern)]
    assert files, room
    return files


def imported(file):
    """Yield what a file imports, by its full name: relative and absolute imports, and names that are looked up as text."""
    package = ("trace_of_thought", *file.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (base, node.module or "") if part)
            yield from [f"{source}.{alias.name}" for alias in node.names] if source in ("trace_of_thought", base) else [source]
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not is_prose(node.value):
            yield from re.findall(r"\btrace_of_thought(?:\.\w+)+", node.value)


def is_prose(text):
    return "\n" in text or " " in text


def place(name):
    """Split a module's name into room and sub-package ("" where there is none)."""
    _, room, *rest = name.split(".")
    inner = rest[0] if rest and (ROOT / room / rest[0]).is_dir() else ""
    return room, inner


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_the_house_allows(room):
    for file in modules_of(room):
        where = file.relative_to(ROOT)
        own = place(".".join(("trace_of_thought", *where.with_suffix("").parts)))
        allowed = MAY_IMPORT.get("/".join(own), MAY_IMPORT[room])
        for name in imported(file):
            if not name.startswith("trace_of_thought."):
                assert room == "tracking" or name.partition(".")[0] != "mlflow", f"{where} imports {name}"
                continue
            other = place(name)
            if other[0] not in ROOMS:
                continue
            if other[0] != room:
                assert other[0] in allowed, f"{where} imports {name}"
            elif room in WITHIN and other != own:
                assert other[1] in WITHIN[room][own[1]], f"{where} imports {name}"


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_no_room_reaches_into_another_by_path(room):
    reach = re.compile(rf"""__file__.*["'/]({"|".join(ROOMS - {room})})["'/]""")
    for file in modules_of(room):
        assert not reach.search(file.read_text()), file


def test_no_imports_go_in_a_circle():
    """Also not by imports inside of functions: what needs each other belongs together, or needs a third."""
    needs = {}
    for file in (file for room in ROOMS for file in modules_of(room) if file.suffix == ".py"):
        name = ".".join(("trace_of_thought", *file.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        needs[name] = set(imported(file)) - {name}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the circle


def test_the_engines_know_no_langchain():
    for folder in ("models/engine", "models/weights"):
        for file in modules_of(folder):
            assert not any(name.startswith("langchain") for name in imported(file)), file


def folders():
    for init in ROOT.rglob("__init__.py"):
        parts = init.relative_to(ROOT).parts
        if not (set(parts) & OUTSIDE or any(part.startswith(".") for part in parts)):
            yield init.parent


def test_no_folder_is_crowded_and_each_says_what_lives_there():
    for folder in folders():
        own = [file.name for file in folder.glob("*.py") if file.name != "__init__.py"]
        assert len(own) <= MOST_FILES, f"{folder} has {len(own)} files: {own}"
        says = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
        assert says, f"{folder} does not say what lives there"


def test_every_room_stands_in_the_folder_that_is_installed():
    installed = ROOT / "src" / "trace_of_thought"
    assert {link.name for link in installed.iterdir() if link.is_dir()} - {"__pycache__"} == ROOMS
    assert all(link.resolve() == (ROOT / link.name).resolve() for link in installed.iterdir() if link.is_symlink())


def test_only_the_journal_holds_sql():
    sql = re.compile(
        r"\b(SELECT .* FROM \w|INSERT (OR \w+ )?INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b|\.execute(many|script)?\(", re.I
    )
    for file in modules_of("experiments"):
        if (ROOT / "experiments" / "journal") not in file.parents:
            assert not sql.search(file.read_text()), file
