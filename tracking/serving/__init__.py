"""A configured graph as an MLflow model. Start at `log_model.log_model`; MLflow runs `served_graph` where it is served."""
