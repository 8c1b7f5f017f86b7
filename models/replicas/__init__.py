"""One model in several places: replicas on Ray (`replicated.ReplicatedChatModel`) or servers (`transport.clients`)."""
