"""The verifier for TRL, verl, inspect_ai, the lm-evaluation-harness and DSPy. Each library is imported where it is used."""
