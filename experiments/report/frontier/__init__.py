"""What a lift costs: accuracy over teacher tokens against random mixing, and when to ask. The door is `points.frontiers`."""
