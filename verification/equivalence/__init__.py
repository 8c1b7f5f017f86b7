"""Compare two answers as mathematics, in workers that can be killed. The door is `comparing.compare_claims`."""
