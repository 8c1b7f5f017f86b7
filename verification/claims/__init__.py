"""Find the final answer in a response. The door is `finding.find_claim`: `statements` says where, `choosing` says what."""
