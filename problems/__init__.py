"""Problem sets: the bundled sample, GSM8K, MATH, files, data sets of the hub, and procedurally generated problems."""

from .load import load_problems
from .problem import Problem
from .problem_set import ProblemSet, Scorer

__all__ = ["Problem", "ProblemSet", "Scorer", "load_problems"]
