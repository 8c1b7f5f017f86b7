"""Asking a model: the driver of plans, structured steps, failures in words. The door is `driver.ModelNode`."""
