"""What a lift costs: accuracy over teacher tokens, compared with random mixing. The door is `points.frontiers`."""
