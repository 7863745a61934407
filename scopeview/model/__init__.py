"""What an artefact holds: numpy and networkx only, immutable once built."""
