"""Turn LangChain callbacks into MLflow traces. Start at `context.traced`; `handler.TraceHandler` does the work."""
