"""The plan of an experiment: configuration, cells, problem sets, prompt sets, prices. The door is `plan.make_plan`."""
