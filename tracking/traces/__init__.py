"""From LangChain callbacks to MLflow traces. The door is `context.traced`; `handler.TraceHandler` does the work."""
