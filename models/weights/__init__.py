"""Weights on disk become a model in memory. The door is `transformers_model.load`."""
