"""Answers that are not values: a letter of multiple choice, yes or no, and "no solution" or "undefined"."""
