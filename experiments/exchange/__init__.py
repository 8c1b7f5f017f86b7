"""What enters and leaves an experiment: runs in MLflow, the released traces, decompositions to replay."""
