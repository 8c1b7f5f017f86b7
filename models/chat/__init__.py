"""What makes an engine a LangChain chat model. The door is `batched.BatchedChatHuggingFace`."""
