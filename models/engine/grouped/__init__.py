"""Batches on transformers' model call: for CPU models that OpenVINO does not read, and any device when asked."""
