"""One model in several places: replicas on Ray, or several servers. The doors are `replicated` and `transport`."""
