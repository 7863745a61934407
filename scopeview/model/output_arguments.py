"""Which output of an op an input of a function body means: `Split:output:1`, `TopKV2:indices:0`.

In a body an input names an output argument and a place in it; in a graph it names the number of the output. The two
agree for an op with one output argument; for others the order of the arguments decides. A MetaGraph lists it for the
ops that it uses; a bare GraphDef does not, and then the table here is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from scopeview.model.attributes import Attributes

_KNOWN = """
Batch: batched_tensors=$T batch_index id
BlockLSTM: i cs f o ci co h
BlockLSTMV2: i cs f o ci co h
BroadcastGradientArgs: r0 r1
CTCGreedyDecoder: decoded_indices decoded_values decoded_shape log_probability
CTCLoss: loss gradient
CombinedNonMaxSuppression: nmsed_boxes nmsed_scores nmsed_classes valid_detections
CudnnRNN: output output_h output_c reserve_space
CudnnRNNV2: output output_h output_c reserve_space host_reserved
CudnnRNNV3: output output_h output_c reserve_space host_reserved
DecodeProtoV2: sizes values=$output_types
DenseCountSparseOutput: output_indices output_values output_dense_shape
DenseToDenseSetOperation: result_indices result_values result_shape
DenseToSparseSetOperation: result_indices result_values result_shape
DeserializeSparse: sparse_indices sparse_values sparse_shape
Eig: e v
FakeQuantWithMinMaxVarsGradient: backprops_wrt_input backprop_wrt_min backprop_wrt_max
FixedUnigramCandidateSampler: sampled_candidates true_expected_count sampled_expected_count
FractionalAvgPool: output row_pooling_sequence col_pooling_sequence
FractionalMaxPool: output row_pooling_sequence col_pooling_sequence
FusedBatchNorm: y batch_mean batch_variance reserve_space_1 reserve_space_2
FusedBatchNormGrad: x_backprop scale_backprop offset_backprop reserve_space_3 reserve_space_4
FusedBatchNormGradV2: x_backprop scale_backprop offset_backprop reserve_space_3 reserve_space_4
FusedBatchNormGradV3: x_backprop scale_backprop offset_backprop reserve_space_4 reserve_space_5
FusedBatchNormV2: y batch_mean batch_variance reserve_space_1 reserve_space_2
FusedBatchNormV3: y batch_mean batch_variance reserve_space_1 reserve_space_2 reserve_space_3
GRUBlockCell: r u c h
GenerateVocabRemapping: remapping num_present
LSTMBlockCell: i cs f o ci co h
LearnedUnigramCandidateSampler: sampled_candidates true_expected_count sampled_expected_count
ListDiff: out idx
LogMatrixDeterminant: sign log_abs_determinant
LogUniformCandidateSampler: sampled_candidates true_expected_count sampled_expected_count
LookupTableExport: keys values
LookupTableExportV2: keys values
Lu: lu p
MaxPoolWithArgmax: output argmax
Merge: output value_index
NonMaxSuppressionV4: selected_indices valid_outputs
NonMaxSuppressionV5: selected_indices selected_scores valid_outputs
ParseExample: sparse_indices=$Nsparse* sparse_values=$sparse_types sparse_shapes=$Nsparse* dense_values=$Tdense
ParseExampleV2: sparse_indices=$num_sparse* sparse_values=$sparse_types sparse_shapes=$num_sparse* \
  dense_values=$Tdense ragged_values=$ragged_value_types ragged_row_splits=$ragged_split_types
ParseSingleExample: sparse_indices=$num_sparse* sparse_values=$sparse_types sparse_shapes=$num_sparse* \
  dense_values=$Tdense
Qr: q r
QuantizeV2: output output_min output_max
QuantizedAvgPool: output min_output max_output
QuantizedBiasAdd: output min_out max_out
QuantizedConv2D: output min_output max_output
QuantizedMatMul: out min_out max_out
QuantizedMaxPool: output min_output max_output
QuantizedRelu: activations min_activations max_activations
QuantizedReshape: output output_min output_max
RaggedGather: output_nested_splits=$OUTPUT_RAGGED_RANK* output_dense_values
RaggedRange: rt_nested_splits rt_dense_values
RaggedTensorFromVariant: output_nested_splits=$output_ragged_rank* output_dense_values
RaggedTensorToSparse: sparse_indices sparse_values sparse_dense_shape
ReaderReadV2: key value
RefMerge: output value_index
RefSwitch: output_false output_true
RequantizationRange: output_min output_max
Requantize: output output_min output_max
SampleDistortedBoundingBox: begin size bboxes
SampleDistortedBoundingBoxV2: begin size bboxes
SelfAdjointEigV2: e v
SoftmaxCrossEntropyWithLogits: loss backprop
SparseConcat: output_indices output_values output_shape
SparseCross: output_indices output_values output_shape
SparseFillEmptyRows: output_indices output_values empty_row_indicator reverse_index_map
SparseReshape: output_indices output_shape
SparseSlice: output_indices output_values output_shape
SparseSoftmaxCrossEntropyWithLogits: loss backprop
SparseToSparseSetOperation: result_indices result_values result_shape
StatelessRandomGetKeyCounter: key counter
StatelessRandomGetKeyCounterAlg: key counter alg
StringNGrams: ngrams ngrams_splits
StringSplit: indices values shape
StringSplitV2: indices values shape
Svd: s u v
Switch: output_false output_true
TensorArrayConcatV3: value lengths
TensorArrayGradV3: grad_handle flow_out
TensorArrayV3: handle flow
TensorListPopBack: output_handle tensor
TopK: values indices
TopKV2: values indices
UnicodeDecode: row_splits char_values
UnicodeDecodeWithOffsets: row_splits char_values char_to_byte_starts
UniformCandidateSampler: sampled_candidates true_expected_count sampled_expected_count
Unique: y idx
UniqueV2: y idx
UniqueWithCounts: y idx count
UniqueWithCountsV2: y idx count
"""
"""Op types with several output arguments, as TensorFlow 2.21 registers them: `=$N*` is a list of N, `=$T` one of T."""


class OutputArguments:
    """The output arguments of op types, in order."""

    def __init__(self, names: Mapping[str, tuple[str, ...]], types: Mapping[str, tuple[str, ...]]) -> None:
        """Prepare the answers for one model.

        Args:
            names: names of the output arguments of the op types that a MetaGraph lists.
            types: their types, in which `$N*` and a name of a list of types make an argument several outputs.
        """
        self._names, self._types = names, types

    def first_output(self, op_type: str, argument: str, attributes: Callable[[], Attributes]) -> int | None:
        """Return the number of the first output of an argument, or None where nothing says it."""
        names = self._names.get(op_type)
        types = self._types.get(op_type, ())
        if names is None or len(types) != len(names):
            names, types = _known().get(op_type, ((), ()))
        if argument not in names:
            return None
        before = types[: names.index(argument)]
        if not any("$" in text for text in before):
            return len(before)
        return sum(_outputs(text, attributes()) for text in before)


def _outputs(text: str, attributes: Attributes) -> int:
    """Return how many outputs an argument of a type is."""
    number, star, _ = text.partition("*")
    value = attributes.get((number if star else text).removeprefix("$"))
    if star:
        return value if isinstance(value, int) else 1
    return len(value) if isinstance(value, tuple) else 1


@cache
def _known() -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return names and types of the output arguments of the table above."""
    found = {}
    for line in _KNOWN.strip().splitlines():
        op_type, _, arguments = line.partition(": ")
        pairs = [argument.partition("=") for argument in arguments.split()]
        found[op_type] = (tuple(name for name, _, _ in pairs), tuple(kind or "float32" for _, _, kind in pairs))
    return found
