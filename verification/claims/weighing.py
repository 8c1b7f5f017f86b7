"""Weighted signs, and their sum as the score of a candidate. Start at `table`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

Piece = TypeVar("Piece")


@dataclass(frozen=True)
class Sign(Generic[Piece]):
    """A sign: its reason, how strongly a piece has it (0 to 1, or a count), and an example."""

    why: str
    strength: Callable[[Piece], float]
    example: str = ""


@dataclass(frozen=True)
class Table(Generic[Piece]):
    """Signs of one kind of piece with their weights, which `benchmarks/weights.py` fits."""

    name: str
    signs: Sequence[Sign[Piece]]
    weights: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.signs) != len(self.weights):
            raise ValueError(
                f"{len(self.signs)} signs of {self.name} and {len(self.weights)} weights; run benchmarks/weights.py"
            )

    @cached_property
    def by_sign(self) -> dict[str, float]:
        """The weights by what the signs are for."""
        return {sign.why: weight for sign, weight in zip(self.signs, self.weights, strict=True)}

    @cached_property
    def _weighed(self) -> list[tuple[Callable[[Piece], float], float]]:
        return [(sign.strength, weight) for sign, weight in zip(self.signs, self.weights, strict=True)]

    def score(self, piece: Piece) -> float:
        """Return the sum of the weights of the signs that hold."""
        total = 0.0
        for strength_of, weight in self._weighed:
            if strength := strength_of(piece):
                total += weight * strength
        return total

    def strengths(self, piece: Piece) -> list[float]:
        """Return how strongly a piece has each sign."""
        return [float(sign.strength(piece)) for sign in self.signs]


def table(name: str, signs: Sequence[Sign[Piece]]) -> Table[Piece]:
    """Return signs with their fitted weights."""
    from .weights import WEIGHTS

    known = WEIGHTS[name]
    return Table(name, tuple(signs), tuple(known[sign.why] for sign in signs))
