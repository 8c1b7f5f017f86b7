"""Experiments as MLflow runs: parameters, prompts, metrics, tables. The door is `experiment_runs.open_runs`."""
