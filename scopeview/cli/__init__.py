"""The command line: one file per command; each parses, asks an analysis and hands the result to a renderer."""
