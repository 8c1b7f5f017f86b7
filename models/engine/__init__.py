"""Engines that decode concurrent calls in shared batches, without LangChain. The door is `choose_engine.build_engine`."""
