"""Checkpoints without TensorFlow: the table, the V2 and V1 entries in it, the object graph, the state file."""
