"""What changed between two artifacts: variables, what ties them, and the op trees."""
