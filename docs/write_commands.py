"""Write docs/commands.md from the code: every command and option by typer's own generator, and every environment variable.

Usage: python docs/write_commands.py > docs/commands.md
"""

import re
import sys
from pathlib import Path
from typing import Any

from typer.cli import get_docs_for_click
from typer.main import get_command

from trace_of_thought.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
OURS = re.compile(r"\b(?:TOT|TRACE_OF_THOUGHT)_[A-Z_]*[A-Z]\b")
OUTSIDE = {"tests", "docs", "examples", "benchmarks", "src", "build", "dist", "site"}

VARIABLES = {
    "TOT_HOME": "Folder of journals, reviews and unsent traces. Default: `.trace_of_thought` in the current folder.",
    "TOT_DEBUG": "Set to 1 to show the traceback of a command that fails.",
    "TOT_REVIEWS": "Review store, a file or `postgresql://...`. Default: `TOT_HOME/reviews.sqlite`.",
    "TOT_REVIEW_TOKEN": "Token that visitors of `tot review --web` must enter; the same as `--token`.",
    "TOT_REVIEW_URL": "Address of `tot review --web`, for links in traces. Default: `http://127.0.0.1:8765`.",
    "TOT_MCP_TOKEN": "Bearer token that HTTP clients of `tot mcp` must send; the same as `--token`.",
    "TOT_STUDENT": "LangGraph server: student model, or several separated by commas; the first is the default.",
    "TOT_TEACHER": "LangGraph server: teacher model, or several. Default: `recorded:sample`; `self` uses the student.",
    "TOT_BASE_URL": "LangGraph server: URL of an OpenAI-compatible server, used for the remote models.",
    "TOT_REVIEW": "LangGraph server: which plans the reviewed graph pauses for, `always` (default) or `flagged`; chat: never.",
    "TOT_ORIGINS": "LangGraph server: origins of web pages that may use it, comma-separated, besides this machine and Studio.",
    "TOT_TRACKING": "LangGraph server: MLflow experiment that every run is traced to. Default: no tracing.",
    "TRACE_OF_THOUGHT_CACHE": "Folder of converted models and their exporter. Default: "
    "`trace-of-thought` in the platform's cache folder.",
}
"""What each variable of this project does. The page fails to build when the code reads one that is not here, or the reverse."""

OTHERS = {
    "MLFLOW_TRACKING_URI": "MLflow server or database; `--tracking-uri` overrides it. Default: `mlflow.db` in this folder.",
    "MLFLOW_EXPERIMENT_NAME": "Experiment of `tracking.traced()` where none is named.",
    "MLFLOW_DISABLE_TELEMETRY": "Set to true to stop MLflow's own usage reports.",
    "OPENAI_API_KEY": "Key of `openai:` models; `none` for a server of your own. Other providers differ.",
    "HF_HOME": "Cache of models and data sets from the Hugging Face hub.",
    "HF_HUB_OFFLINE": "Set to 1 to use the Hugging Face cache only.",
}
"""Variables of libraries that change what this project does."""

HEAD = """# Commands and environment variables

Look up every command, option and environment variable here. This page is generated from the code (`make docs`);
`tot COMMAND --help` prints the same text.
"""


def variables_in_code() -> set[str]:
    """Return the variables of this project that its packaged code mentions."""
    files = [file for file in ROOT.glob("*/**/*.py") if file.relative_to(ROOT).parts[0] not in OUTSIDE]
    visible = [file for file in files if not file.relative_to(ROOT).parts[0].startswith(".")]
    return {name for file in visible for name in OURS.findall(file.read_text(encoding="utf-8"))}


def commands() -> str:
    """Return all commands and options as Markdown, one heading per command."""
    command = get_command(app)
    context = command.context_class(command, info_name="tot", **command.context_settings)
    text = get_docs_for_click(obj=command, ctx=context, name="tot", indent=1)
    return whole_sentences(text.replace("&#x27;", "'").replace("&quot;", '"'), command, context)


def whole_sentences(text: str, group: Any, context: Any) -> str:
    """Put the first paragraph of each command's help into the list of commands, which typer cuts at 45 characters."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        first = " ".join(command.help.partition("\n\n")[0].split())
        cut = command.get_short_help_str().replace("&#x27;", "'")
        text = text.replace(f"* `{name}`: {cut}\n", f"* `{name}`: {first}\n", 1)
        if hasattr(command, "list_commands"):
            text = whole_sentences(text, command, context)
    return text


def table(variables: dict[str, str]) -> str:
    """Return variables and their meaning as a Markdown table."""
    return "\n".join(["| variable | meaning |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in variables.items())])


def page() -> str:
    """Return the whole page."""
    found = variables_in_code()
    if found != set(VARIABLES):
        sys.exit(f"describe in docs/write_commands.py, or remove there: {', '.join(sorted(found ^ set(VARIABLES)))}")
    parts = [HEAD, commands().rstrip() + "\n", "## Environment variables\n", table(VARIABLES) + "\n"]
    return "\n".join([*parts, "Libraries read these, too:\n", table(OTHERS)])


if __name__ == "__main__":
    print(page())
