"""What TensorFlow registers: `python -m tests.oracle_ops > scopeview/model/registered_ops.txt` writes the list again.

As in `oracle_server`, nothing of scopeview is used here.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def registered_ops(path: str = "") -> dict[str, str]:
    """Return the version of TensorFlow and a line for each op type that it registers.

    A line is the name, the number of inputs that are one tensor, the attributes that say how many tensors the other
    inputs are, `&` with the positions of inputs that must be references (`&1+`: from 1 on), `ref` if an output is one.
    """
    import tensorflow as tf
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    ops = op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    lines = sorted(_line(op) for op in ops.op)
    return {"version": tf.__version__, "text": "\n".join([f"TensorFlow {tf.__version__}", *lines]) + "\n"}


def _line(op: Any) -> str:
    lists = [a.number_attr or a.type_list_attr for a in op.input_arg if a.number_attr or a.type_list_attr]
    single = len(op.input_arg) - len(lists)
    refs: list[str] = []
    for position, argument in enumerate(op.input_arg):
        is_list = bool(argument.number_attr or argument.type_list_attr)
        if argument.is_ref:
            refs.append(f"{position}+" if is_list else str(position))
        if is_list:
            break
    words = [op.name, str(single), *lists]
    words += [f"&{','.join(refs)}"] if refs else []
    words += ["ref"] if any(argument.is_ref for argument in op.output_arg) else []
    return " ".join(words)


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stdout.write(registered_ops()["text"])
