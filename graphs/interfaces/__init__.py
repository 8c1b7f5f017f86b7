"""A graph as a function or a node (`embed`), a tool, a chat, on a LangGraph server (`studio`) and on an MCP server."""
