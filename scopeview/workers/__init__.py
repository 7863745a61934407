"""Work over many files or much data: what runs its parts, and the fleet of artifacts that patterns name."""
