"""An MCP client of `tot mcp`: over HTTP if it is given an address, else over stdio with the command that follows.

python mcp_client.py "What is 6 * 7?" http://127.0.0.1:8766/mcp
python mcp_client.py "What is 6 * 7?" tot mcp --student hf:HuggingFaceTB/SmolLM2-135M-Instruct
"""

import asyncio
import os
import sys

from mcp import Client, StdioServerParameters, stdio_client


async def tell(progress: float, total: float | None, message: str | None) -> None:
    print(f"{progress:.0f} of {total or 0:.0f}: {message}")


async def main(question: str, *server: str) -> None:
    if server[0].startswith("http"):
        client = Client(server[0])
    else:
        # the server gets no more of this process's environment than it needs
        needed = {name: value for name, value in os.environ.items() if name.startswith(("OPENAI_", "HF_", "PATH"))}
        client = Client(stdio_client(StdioServerParameters(command=server[0], args=list(server[1:]), env=needed)))
    async with client:
        result = await client.call_tool("solve_problem", {"question": question}, progress_callback=tell)
        if result.is_error or result.structured_content is None:
            raise SystemExit(f"the tool failed: {result.content}")
        print("answer:", result.structured_content["answer"], "status:", result.structured_content["status"])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
