"""From TensorFlow's messages to the parts of a Model: one kind of message, one file."""
