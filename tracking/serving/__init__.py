"""A configured graph as an MLflow model. The door is `log_model.log_model`; MLflow runs `served_graph`."""
