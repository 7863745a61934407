"""What can be asked of a model: pure functions from a Model to a frozen result, which knows no file and no terminal."""
