"""Operations that the official `tensorflow/serving` image runs, on any machine."""

from collections import Counter
from pathlib import Path

from tensorflow.core.protobuf import saved_model_pb2

# All of them have kernels for CPUs in TensorFlow's core, all of which is linked into the server. The list is closed: an
# operation that is not here may well be served, but somebody has to look first.
_ALLOWED = {
    "what a SavedModel is made of": """
        Placeholder PlaceholderWithDefault Const NoOp Identity IdentityN StopGradient VarHandleOp ReadVariableOp
        AssignVariableOp VarIsInitializedOp DisableCopyOnRead SaveV2 RestoreV2 MergeV2Checkpoints ShardedFilename
        StaticRegexFullMatch StringJoin Select Pack
    """,
    "functions and branches": """
        PartitionedCall StatefulPartitionedCall StatelessIf If StatelessWhile While Assert EnsureShape
    """,
    "shapes": """
        Shape ShapeN Size Rank Reshape ExpandDims Squeeze StridedSlice Slice Split SplitV Unpack ConcatV2 Tile
        BroadcastTo BroadcastArgs Transpose ReverseV2 Pad PadV2 MirrorPad Fill ZerosLike OnesLike Range LinSpace
    """,
    "arithmetic": """
        Cast Add AddV2 AddN Sub Mul MulNoNan Div RealDiv DivNoNan FloorDiv FloorMod Neg Abs Sign Square
        SquaredDifference Sqrt Rsqrt Reciprocal Pow Exp Expm1 Log Log1p Sin Cos Tan Asin Acos Atan Atan2 Sinh Cosh Tanh
        Sigmoid Erf Erfc Floor Ceil Round Rint Maximum Minimum ClipByValue
    """,
    "comparisons": """
        Equal NotEqual Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr LogicalNot IsNan IsFinite IsInf
        SelectV2 Where
    """,
    "sums over axes": "Sum Mean Prod Max Min All Any ArgMax ArgMin Cumsum Cumprod L2Loss",
    "gathering": "Gather GatherV2 GatherNd ScatterNd TensorScatterUpdate TensorScatterAdd TopKV2 OneHot",
    "networks": """
        MatMul BatchMatMulV2 BatchMatMulV3 Einsum Conv2D DepthwiseConv2dNative Conv2DBackpropInput BiasAdd BiasAddV1
        FusedBatchNormV3 MaxPool MaxPoolV2 AvgPool Relu Relu6 LeakyRelu Elu Selu Softplus Softsign Softmax LogSoftmax
        SpaceToBatchND BatchToSpaceND
    """,
    "pictures": """
        DecodeJpeg ExtractJpegShape DecodeRaw ScaleAndTranslate ResizeBilinear ResizeNearestNeighbor ResizeBicubic
        ResizeArea CropAndResize Substr StringLength
    """,
    # A dataset is the only thing that goes on after a picture that cannot be decoded; see `picture_reading`.
    "pictures one by one": """
        TensorSliceDataset TensorDataset MapDataset ParallelMapDatasetV2 IgnoreErrorsDataset ConcatenateDataset
        BatchDatasetV2 OptionsDataset DatasetToSingleElement
    """,
}

ALLOWED_OPERATIONS = frozenset(name for names in _ALLOWED.values() for name in names.split())
"""Names of operations that an exported graph may hold."""

_REASONS = {
    "XlaCallModule": "the server is built without XLA's compiler",
    "XlaLaunch": "the server is built without XLA's compiler",
    "CudnnRNN": "it runs on GPUs only; build the layer with `use_cudnn=False`",
    "PyFunc": "it calls back into the Python process that made the graph",
    "EagerPyFunc": "it calls back into the Python process that made the graph",
    "NumpyFunction": "it calls back into the Python process that made the graph",
}


def operations_of(directory) -> Counter:
    """How often each operation is in a SavedModel, in its graph and in all of its functions.

    Args:
        directory: The directory of the SavedModel.
    """
    saved_model = saved_model_pb2.SavedModel.FromString((Path(directory) / "saved_model.pb").read_bytes())
    counts: Counter = Counter()
    for meta_graph in saved_model.meta_graphs:
        library = meta_graph.graph_def.library.function
        functions = {function.signature.name for function in library}
        for nodes in (meta_graph.graph_def.node, *(function.node_def for function in library)):
            counts.update(node.op for node in nodes if node.op not in functions)
    return counts


def check_operations(directory) -> None:
    """Refuse a SavedModel with operations that TensorFlow Serving may not have.

    Args:
        directory: The directory of the SavedModel.

    Raises:
        ValueError: If there is one; the message names all of them, and why, where that is known.
    """
    strangers = sorted(set(operations_of(directory)) - ALLOWED_OPERATIONS)
    if strangers:
        named = ", ".join(f"{name} ({_reason(name)})" for name in strangers)
        raise ValueError(
            f"The graph of the model holds operations that the tensorflow/serving image is not known to run: {named}. "
            "If it does run one, add it to posealign_keras/export/allowed_operations.py."
        )


def _reason(name):
    for beginning, reason in _REASONS.items():
        if name.startswith(beginning):
            return reason
    return "not in the list of allowed operations"
