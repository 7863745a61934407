"""Pairs of namespaces of one model as two code bases name it, with known truth."""
