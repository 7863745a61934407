// Written by `make types` from what Python declares: columns, roles, words, and how numbers look.

export const FORMATS = [
  "name",
  "names",
  "word",
  "count",
  "short",
  "bytes",
  "time",
  "shape",
  "yes_no"
] as const;
export type Format = (typeof FORMATS)[number];

export const COLUMNS = [
  {
    "key": "name",
    "heading": "name",
    "help": "full name of the variable",
    "format": "name",
    "letters": 90,
    "search": "name",
    "is_listed": true
  },
  {
    "key": "shape",
    "heading": "shape",
    "help": "shape; ? is not known",
    "format": "shape",
    "letters": 20,
    "search": "shape",
    "is_listed": true
  },
  {
    "key": "dtype",
    "heading": "dtype",
    "help": "dtype",
    "format": "word",
    "letters": 10,
    "search": "dtype",
    "is_listed": true
  },
  {
    "key": "parameters",
    "heading": "parameters",
    "help": "number of elements",
    "format": "count",
    "letters": 14,
    "search": "parameters",
    "is_listed": true
  },
  {
    "key": "size_bytes",
    "heading": "bytes",
    "help": "bytes when stored densely",
    "format": "bytes",
    "letters": 8,
    "search": "bytes",
    "is_listed": true
  },
  {
    "key": "trainable",
    "heading": "trained",
    "help": "whether it is trainable: yes or no",
    "format": "yes_no",
    "letters": 3,
    "search": "trainable",
    "is_listed": true
  },
  {
    "key": "uses",
    "heading": "uses",
    "help": "number of places that use it; from 2 on it is shared",
    "format": "count",
    "letters": 6,
    "search": "shared",
    "is_listed": true
  },
  {
    "key": "call_sites",
    "heading": "call sites",
    "help": "op scopes that use it",
    "format": "count",
    "letters": 6,
    "search": "sites",
    "is_listed": true
  },
  {
    "key": "readers",
    "heading": "readers",
    "help": "ops of the computation that read it",
    "format": "count",
    "letters": 6,
    "search": "readers",
    "is_listed": true
  },
  {
    "key": "time_us",
    "heading": "time",
    "help": "time in the recorded step of the ops that read it",
    "format": "time",
    "letters": 8,
    "search": "time",
    "is_listed": true
  },
  {
    "key": "flops",
    "heading": "FLOPs",
    "help": "floating-point operations of the ops that read it",
    "format": "short",
    "letters": 8,
    "search": "flops",
    "is_listed": true
  },
  {
    "key": "output_bytes",
    "heading": "output",
    "help": "bytes of what the ops that read it give",
    "format": "bytes",
    "letters": 8,
    "search": "output",
    "is_listed": true
  },
  {
    "key": "slots",
    "heading": "slots",
    "help": "optimizer slots and moving averages of the variable",
    "format": "count",
    "letters": 6,
    "search": "slots",
    "is_listed": true
  },
  {
    "key": "initializer",
    "heading": "initializer",
    "help": "what gives it its first value",
    "format": "word",
    "letters": 18,
    "search": "initializer",
    "is_listed": true
  },
  {
    "key": "device",
    "heading": "device",
    "help": "requested device",
    "format": "word",
    "letters": 16,
    "search": "device",
    "is_listed": true
  },
  {
    "key": "collections",
    "heading": "collections",
    "help": "collections that it is a member of",
    "format": "names",
    "letters": 32,
    "search": "collection",
    "is_listed": true
  },
  {
    "key": "kind",
    "heading": "kind",
    "help": "how it is held: ref, resource, partitioned, frozen, checkpoint, object, traced",
    "format": "word",
    "letters": 11,
    "search": "kind",
    "is_listed": false
  },
  {
    "key": "checkpoint_keys",
    "heading": "checkpoint keys",
    "help": "checkpoint keys that it is saved under",
    "format": "names",
    "letters": 60,
    "search": "key",
    "is_listed": false
  }
] as const;

export const COST_COLUMNS = [
  {
    "key": "path",
    "heading": "name",
    "help": "the op, or the scope with all in it",
    "format": "name",
    "sort": null
  },
  {
    "key": "op_type",
    "heading": "type",
    "help": "type of the op",
    "format": "word",
    "sort": null
  },
  {
    "key": "ops",
    "heading": "ops",
    "help": "how many ops it is",
    "format": "count",
    "sort": null
  },
  {
    "key": "time_us",
    "heading": "time",
    "help": "time in the recorded step",
    "format": "time",
    "sort": "time"
  },
  {
    "key": "memory_bytes",
    "heading": "memory",
    "help": "bytes that its ops were given in the recorded step",
    "format": "bytes",
    "sort": "memory"
  },
  {
    "key": "executions",
    "heading": "runs",
    "help": "how often its ops ran in the recorded step",
    "format": "count",
    "sort": null
  },
  {
    "key": "flops",
    "heading": "FLOPs",
    "help": "floating-point operations, of one execution of each op",
    "format": "short",
    "sort": "flops"
  },
  {
    "key": "output_bytes",
    "heading": "output",
    "help": "bytes of what its ops give, in one execution",
    "format": "bytes",
    "sort": "output_bytes"
  },
  {
    "key": "parameters",
    "heading": "parameters",
    "help": "elements of the variables among its ops",
    "format": "short",
    "sort": "parameters"
  }
] as const;

export const ROLES = [
  "forward",
  "update",
  "gradient",
  "summary",
  "bookkeeping",
  "init",
  "save"
] as const;

export const ROLE_HUES: readonly string[] = [
  "forward",
  "init",
  "variable",
  "gradient",
  "update",
  "save",
  "summary",
  "input",
  "bookkeeping"
];

export const FORMAT_NAMES: Record<string, string> = {
  "graph_def": "GraphDef",
  "meta_graph": "MetaGraphDef",
  "saved_model": "SavedModel",
  "checkpoint_v1": "checkpoint V1",
  "checkpoint_v2": "checkpoint V2",
  "checkpoint_safetensors": "safetensors",
  "checkpoint_torch": "PyTorch file",
  "checkpoint_hdf5": "HDF5 weights",
  "checkpoint_npz": "npz arrays",
  "checkpoint_onnx": "ONNX initializers",
  "checkpoint_tflite": "TensorFlow Lite model",
  "checkpoint_tfjs": "TensorFlow.js weights",
  "checkpoint_zarr": "Zarr arrays",
  "checkpoint_object": "checkpoint V2, object-based",
  "live_graph": "live tf.Graph",
  "trace": "scopeview trace"
};

export const STATUS_WORDS = {
  "same": "same",
  "values": "other values",
  "shape": "another shape",
  "dtype": "another dtype",
  "renamed": "renamed",
  "only_a": "only in A",
  "only_b": "only in B"
};

export const STATUS_MARKS = {
  "same": " ",
  "values": "~",
  "shape": "~",
  "dtype": "~",
  "renamed": ">",
  "only_a": "-",
  "only_b": "+"
};

// What Python writes: the tests hold `format.ts` to it.
export const FORMAT_EXAMPLES = {
  "count": [
    [
      0,
      "0"
    ],
    [
      1,
      "1"
    ],
    [
      12,
      "12"
    ],
    [
      999,
      "999"
    ],
    [
      1000,
      "1,000"
    ],
    [
      1536,
      "1,536"
    ],
    [
      9999,
      "9,999"
    ],
    [
      10000,
      "10,000"
    ],
    [
      99949,
      "99,949"
    ],
    [
      999999,
      "999,999"
    ],
    [
      1234567,
      "1,234,567"
    ],
    [
      1500000000,
      "1,500,000,000"
    ],
    [
      3141592653589,
      "3,141,592,653,589"
    ]
  ],
  "short": [
    [
      null,
      "?"
    ],
    [
      0,
      "0"
    ],
    [
      1,
      "1"
    ],
    [
      12,
      "12"
    ],
    [
      999,
      "999"
    ],
    [
      1000,
      "1,000"
    ],
    [
      1536,
      "1,536"
    ],
    [
      9999,
      "9,999"
    ],
    [
      10000,
      "10.0 k"
    ],
    [
      99949,
      "99.9 k"
    ],
    [
      999999,
      "1.00 M"
    ],
    [
      1234567,
      "1.23 M"
    ],
    [
      1500000000,
      "1.50 G"
    ],
    [
      3141592653589,
      "3.14 T"
    ]
  ],
  "bytes": [
    [
      null,
      "?"
    ],
    [
      0,
      "0 B"
    ],
    [
      1,
      "1 B"
    ],
    [
      12,
      "12 B"
    ],
    [
      999,
      "999 B"
    ],
    [
      1000,
      "1.00 kB"
    ],
    [
      1536,
      "1.54 kB"
    ],
    [
      9999,
      "10.0 kB"
    ],
    [
      10000,
      "10.0 kB"
    ],
    [
      99949,
      "99.9 kB"
    ],
    [
      999999,
      "1.00 MB"
    ],
    [
      1234567,
      "1.23 MB"
    ],
    [
      1500000000,
      "1.50 GB"
    ],
    [
      3141592653589,
      "3.14 TB"
    ]
  ],
  "shape": [
    [
      [],
      "[]"
    ],
    [
      [
        3
      ],
      "[3]"
    ],
    [
      [
        null,
        256
      ],
      "[?, 256]"
    ],
    [
      null,
      "[...]"
    ]
  ],
  "cells": [
    [
      "a/b",
      "name",
      "a/b"
    ],
    [
      [
        "a",
        "b"
      ],
      "names",
      "a, b"
    ],
    [
      "float32",
      "word",
      "float32"
    ],
    [
      null,
      "count",
      "?"
    ],
    [
      0,
      "count",
      ""
    ],
    [
      12000,
      "count",
      "12,000"
    ],
    [
      null,
      "short",
      ""
    ],
    [
      1234567,
      "short",
      "1.23 M"
    ],
    [
      null,
      "time",
      ""
    ],
    [
      0.5,
      "time",
      "0.5 us"
    ],
    [
      999.6,
      "time",
      "1000 us"
    ],
    [
      12345,
      "time",
      "12.3 ms"
    ],
    [
      2500000,
      "time",
      "2.5 s"
    ],
    [
      null,
      "bytes",
      "?"
    ],
    [
      0,
      "bytes",
      "0 B"
    ],
    [
      [
        null,
        2
      ],
      "shape",
      "[?, 2]"
    ],
    [
      true,
      "yes_no",
      "yes"
    ],
    [
      false,
      "yes_no",
      "no"
    ],
    [
      null,
      "yes_no",
      ""
    ]
  ]
};
