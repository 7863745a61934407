"""Write the samples of other frameworks' weights: `python sample_graphs/build_weights.py`; needs torch and safetensors.

One state dict in every layout, with views, a transposed tensor, small dtypes and an empty one; and `expected.npz`, the
values as PyTorch itself gives them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent / "weights"


def main() -> None:
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.BatchNorm1d(8), torch.nn.LSTM(8, 3, num_layers=2))
    state = model.state_dict()
    state["odd.transposed"] = torch.arange(12.0).reshape(3, 4).t()
    state["odd.view"] = torch.arange(20)[3:9:2]
    state["odd.half"] = torch.randn(5).half()
    state["odd.bfloat16"] = torch.randn(5).bfloat16()
    state["odd.empty"] = torch.zeros(0, 4)
    torch.save(state, FOLDER / "state.pt")
    torch.save(state, FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, FOLDER / "state.safetensors")
    wide = {name: tensor.float() if tensor.dtype == torch.bfloat16 else tensor for name, tensor in state.items()}
    np.savez(FOLDER / "expected.npz", **{name: tensor.numpy() for name, tensor in wide.items()})
    optimizer = torch.optim.Adam(model.parameters())
    model[1](model[0](torch.randn(4, 6))).sum().backward()
    optimizer.step()
    torch.save({"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, FOLDER / "training.pt")
    torch.save(model, FOLDER / "whole_module.pt")  # a pickle of classes, which is refused


if __name__ == "__main__":
    main()
