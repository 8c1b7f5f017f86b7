"""Where traces and runs go, and how they survive an outage. The door is `store.connect`."""
