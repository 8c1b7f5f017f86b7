"""The local student as a LangChain chat model, on top of an engine. The door is `batched.BatchedChatHuggingFace`."""
