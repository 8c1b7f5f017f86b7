"""Problem sets: the bundled sample, GSM8K, MATH, files, hub data sets and generated problems. Start at `load_problems`."""

from .load_problems import load_problems
from .problem import Problem
from .problem_set import ProblemSet, Scorer

__all__ = ["Problem", "ProblemSet", "Scorer", "load_problems"]
