"""Weights of other frameworks: safetensors, PyTorch, HDF5 and Keras, npz. Read without these frameworks.

Each module scans one format: `scan(path)` says which tensors a file holds and how the values of each are read.
"""
