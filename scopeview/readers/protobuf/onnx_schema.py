"""The messages of ONNX that are read, as data in the form of `schema`; their names begin with Onnx here.

Source: `onnx/onnx.proto`. A test holds them equal to onnx's own descriptors where that package is installed.
"""

ONNX_MESSAGES = """
OnnxAttributeProto
    1 name string, 5 t OnnxTensorProto, 6 g OnnxGraphProto, 11 graphs *OnnxGraphProto
OnnxGraphProto
    1 node *OnnxNodeProto, 2 name string, 5 initializer *OnnxTensorProto, 15 sparse_initializer *OnnxSparseTensorProto
OnnxModelProto
    1 ir_version int64, 2 producer_name string, 3 producer_version string, 7 graph OnnxGraphProto,
    8 opset_import *OnnxOperatorSetIdProto
OnnxNodeProto
    2 output *string, 4 op_type string, 5 attribute *OnnxAttributeProto
OnnxOperatorSetIdProto
    1 domain string, 2 version int64
OnnxSparseTensorProto
    1 values OnnxTensorProto
OnnxStringStringEntryProto
    1 key string, 2 value string
OnnxTensorProto
    1 dims *int64, 2 data_type int32, 4 float_data *float, 5 int32_data *int32, 6 string_data *bytes,
    7 int64_data *int64, 8 name string, 9 raw_data bytes, 10 double_data *double, 11 uint64_data *uint64,
    13 external_data *OnnxStringStringEntryProto, 14 data_location enum:OnnxTensorProto.DataLocation
"""

ONNX_ENUMS = """
OnnxTensorProto.DataLocation
    0 DEFAULT, 1 EXTERNAL
"""
