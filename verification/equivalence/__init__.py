"""Whether two claims are the same mathematics, in workers that can be killed. The door is `comparing.compare_claims`."""
