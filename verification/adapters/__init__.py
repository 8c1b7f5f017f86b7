"""The verifier for TRL, verl, inspect_ai, the lm-evaluation-harness and DSPy; each library is imported where it is used."""
