

goodNoOp

café/xNoOp