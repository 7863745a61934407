"""What may be wrong: rules over graphs, checkpoints, object graphs, and graphs with their checkpoints."""
