"""Ways of solving: how a student is asked and how its replies are read. The door is `ways.WAYS`; `nodes.solve` runs one."""
