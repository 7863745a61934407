"""The builders of the samples, one module per family of mechanisms."""
