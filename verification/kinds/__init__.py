"""Answers of other kinds than values: a letter of multiple choice, yes or no, and "no solution" or "undefined"."""
