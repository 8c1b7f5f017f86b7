"""What an experiment compares, settled before any model is asked. The door is `plan.make_plan`."""
