"""Protobuf's wire format, and the messages of TensorFlow that are read."""
