"""How values are written, a block at a time: TensorFlow's V2 checkpoints, safetensors, npz."""
