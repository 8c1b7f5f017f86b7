"""Ways into a graph: function and node (`embed`), tool, LangGraph server (`studio`), MCP server."""
