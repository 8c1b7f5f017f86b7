"""What waits for a reviewer and what was decided. The door is `queue.open_queue`."""
