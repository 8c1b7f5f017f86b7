"""The review queue: waiting items and decisions. Start at `queue.open_queue`."""
