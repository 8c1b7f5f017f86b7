"""Where traces and runs are written, and how they survive an outage. Start at `store.connect`."""
