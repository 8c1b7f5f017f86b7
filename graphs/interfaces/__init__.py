"""Ways into a graph: function and node (`embed`), `chat`, tool, LangGraph server (`studio`), MCP server."""
