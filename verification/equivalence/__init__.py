"""Compare two answers as mathematics, in workers that can be killed. Start at `comparing.compare_claims`."""
