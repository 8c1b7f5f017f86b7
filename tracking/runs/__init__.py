"""Experiments as MLflow runs: parameters, prompts, metrics, tables. Start at `experiment_runs.open_runs`."""
