"""The package as users get it: its wheel, its public names, what importing it costs."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

import trace_of_thought

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "transformers", "mlflow", "sympy", "scipy", "pandas", "datasets")


def loaded_by(code):
    """Return which heavy modules a fresh interpreter has after running the code."""
    report = f"import sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    return subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    ).stdout.split()


def test_every_public_name_is_there():
    for name in trace_of_thought.__all__:
        assert callable(getattr(trace_of_thought, name))
    with pytest.raises(AttributeError, match="build_tree_of_thought"):
        _ = trace_of_thought.build_tree_of_thought


def test_importing_loads_nothing_heavy():
    names = ", ".join(trace_of_thought.__all__)
    assert loaded_by(f"from trace_of_thought import {names}") == []


def test_a_run_without_tracking_does_not_import_mlflow():
    code = (
        "from trace_of_thought import build_baseline\n"
        "from trace_of_thought.models import ScriptedChatModel\n"
        "graph = build_baseline('standard', ScriptedChatModel(script=['Answer: 4']))\n"
        "assert graph.invoke({'question': '2 + 2?', 'reference': '4'})['status'] == 'correct'"
    )
    assert not {"mlflow", "torch", "transformers"} & set(loaded_by(code))


@pytest.mark.slow
def test_the_wheel_installs_alone_and_every_module_imports(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT], check=True
    )
    [wheel] = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=False)
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, wheel], check=True)
    own = subprocess.run([sys.executable, "-c", "import mlflow; print(mlflow.__path__[0])"], capture_output=True, text=True)
    (site / "dependencies.pth").write_text(str(Path(own.stdout.strip()).parent))
    walk = (
        "import pkgutil, trace_of_thought as t\n"
        f"assert t.__file__.startswith({str(site)!r}), t.__file__\n"
        "names = [m.name for m in pkgutil.walk_packages(t.__path__, 'trace_of_thought.')]\n"
        "for name in names: __import__(name)\n"
        "from trace_of_thought import load_prompts, load_problems\n"
        "assert load_prompts('default').texts and len(load_problems('sample')) >= 30\n"
        "print(len(names))"
    )
    python = tmp_path / "venv" / "bin" / "python"
    done = subprocess.run([python, "-c", walk], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 25
