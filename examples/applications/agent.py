"""An agent that may call the graph as a tool.

The models are TOT_AGENT, TOT_TEACHER and TOT_STUDENT, names as for `load_chat_model`:

    python agent.py "What is 6 * 7?"
"""

import os
import sys

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage

from trace_of_thought import as_tool, build_trace_of_thought, load_chat_model


def main(question: str) -> None:
    graph = build_trace_of_thought(os.environ["TOT_TEACHER"], os.environ["TOT_STUDENT"])
    agent = create_agent(load_chat_model(os.environ["TOT_AGENT"]), [as_tool(graph)])
    result = agent.invoke({"messages": [HumanMessage(question)]})
    for message in result["messages"]:
        if isinstance(message, ToolMessage) and message.status == "success":
            print("steps:", message.artifact["steps"], "status:", message.artifact["status"])
    print(result["messages"][-1].text)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not {"TOT_AGENT", "TOT_TEACHER", "TOT_STUDENT"} <= os.environ.keys():
        sys.exit(__doc__)
    main(sys.argv[1])
