"""Recording of a program that builds graphs under TensorFlow. It runs in the user's process."""
