"""The graphs: files that only wire nodes, and the registry of methods. The door is `build.build_graph`."""
