"""The only place where TensorFlow runs: the import in a child process, and live graphs."""
