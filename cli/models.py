"""Load the models that a command names, after checking all names. Start at `load_models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..experiments.design.config import ModelConfig
from ..models.names import split_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.language_models import BaseChatModel

    from ..experiments.run.model_pool import ModelPool
    from ..models.recorded import RecordedTeacher


def load_models(
    teacher: str, student: str, *, base_url: list[str] | None, timeout: float, max_tokens: int | None
) -> tuple[BaseChatModel, BaseChatModel]:
    """Return teacher and student; `base_url` applies to remote models, `max_tokens` to the student.

    Raises:
        ValueError, FileNotFoundError, ImportError, ConnectionError: as `load_chat_model` does.
    """
    pool = checked(teacher=teacher, student=student)
    # A string or a list is valid input, which Pydantic turns into the field's own type.
    by = ModelConfig(model=teacher, base_url=base_url, timeout=timeout)  # type: ignore[arg-type]
    own = ModelConfig(model=student, base_url=base_url, timeout=timeout, max_tokens=max_tokens)  # type: ignore[arg-type]
    quiet_loading((teacher, student))
    return pool.teacher(by, own, None), pool.get(own)


def checked(*, teacher: str, student: str) -> ModelPool:
    """Check both names and return the pool that loads them; raises as `load_models` does."""
    from ..experiments.run.model_pool import ModelPool

    pool = ModelPool()
    for spec in (student, teacher) if teacher != "self" else (student,):
        split_name(spec)
        pool.check(ModelConfig(model=spec))
    return pool


def recordings(*specs: str) -> list[RecordedTeacher]:
    """Return the recorded models among some names of models; reading their files is all that takes time."""
    from ..models.load import load_chat_model

    return [cast("RecordedTeacher", load_chat_model(spec)) for spec in specs if spec.startswith("recorded:")]


def quiet_loading(specs: Iterable[str]) -> None:
    """Hide the progress bars that transformers shows while it reads weights; download bars stay."""
    if not any(spec.startswith("hf:") for spec in specs):
        return
    try:
        from transformers.utils.logging import EmptyTqdm, set_tqdm_hook
    except ImportError:
        return  # loading the model will say what to install

    def no_bar(_: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> EmptyTqdm:
        return EmptyTqdm(*arguments, **options)

    set_tqdm_hook(no_bar)
