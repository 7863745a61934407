"""What an artifact holds: numpy and networkx only, immutable once built."""
