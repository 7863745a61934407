"""What changed between two artefacts: variables, what ties them, and the op trees."""
