"""Audits of the verifier: people judge a sample of verdicts in MLflow's review queues. The door is `audit`."""
