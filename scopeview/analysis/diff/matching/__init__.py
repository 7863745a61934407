"""Matching of two variable namespaces by names, numbers, shapes, order and values."""
