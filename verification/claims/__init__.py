"""What a response finally claims. The doors are `statements.rank_statements` (where) and `choosing.choose_claim` (what)."""
