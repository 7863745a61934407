"""One file per question that a user can ask of one model."""
