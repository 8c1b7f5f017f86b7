"""`tot convert`: convert a model for OpenVINO, with the exporter in its own environment."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Weights(StrEnum):
    """Precision in which the exporter stores the weights."""

    FLOAT32 = "float32"
    INT8 = "int8"
    INT4 = "int4"


def convert(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Model to convert: hf:ID or hf:FOLDER, or a hub id or folder.")],
    out: Annotated[Path, typer.Argument(help="Folder to write; it must not exist yet.")],
    weights: Annotated[Weights, typer.Option(help="Precision of the weights: float32, int8 or int4.")] = Weights.FLOAT32,
) -> None:
    """Convert a model for OpenVINO, the fast engine on CPUs.

    Llama-like and Qwen models are converted automatically. For other models, run this command once. It installs OpenVINO's
    exporter in an environment of its own, in the cache folder, because the exporter needs another version of transformers.
    """
    from ...models.weights.exporter import export

    name = model.removeprefix("hf:")
    if ":" in name and not Path(name).expanduser().exists():
        raise typer.BadParameter(
            f"{model!r} is no local model; give hf:ID, hf:FOLDER, a hub id or a folder", param_hint="MODEL"
        )
    export(name, out, weights.value, tell=print)
    print(f"converted {model} to {out}; use it: --student hf:{out}")
