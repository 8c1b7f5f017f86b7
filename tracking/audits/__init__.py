"""Audits of the verifier: people judge a sample of verdicts in MLflow's review queues. Start at `audit.start_audit`."""
