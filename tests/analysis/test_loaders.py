"""Emitted loaders run in the framework that they are for, and leave its model with the values of the source."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scopeview.analysis.diff.loops import Line, folded
from tests.cli.running import Run
from tests.readers.weights.test_tfjs import weight as tfjs_weight
from tests.readers.weights.test_tfjs import write as write_tfjs
from tests.writers.test_convert import Arrays, write

tf: Any = pytest.importorskip("tensorflow", reason="TensorFlow runs what is emitted")


def run(code: str, *arguments: object) -> Any:
    """Run the function `load` of an emitted text."""
    names: dict[str, Any] = {}
    exec(compile(code, "loader", "exec"), names)
    return names["load"](*arguments)


def emitted(scopeview: Run, a: Path, b: Path, form: str, *options: str) -> str:
    done = scopeview("diff", a, b, "--format", form, *options)
    assert done.code in (0, 1), done.err
    return done.out


def twins(seed: int) -> tuple[Arrays, Arrays]:
    """Return the weights of one network under TensorFlow's names and layouts, and under PyTorch's."""
    rng, choice = np.random.default_rng(seed), random.Random(seed)
    ours: Arrays = {}
    theirs: Arrays = {}

    def kernel(one: str, other: str, *shape: int) -> None:
        array = rng.normal(size=shape).astype(np.float32)
        ours[f"{one}/kernel"] = array
        theirs[f"{other}.weight"] = array.transpose(3, 2, 0, 1) if len(shape) == 4 else array.T
        ours[f"{one}/bias"] = theirs[f"{other}.bias"] = rng.normal(size=shape[-1]).astype(np.float32)

    width, depth = choice.choice([4, 6]), choice.randint(3, 5)
    ours["net/embedding/embeddings"] = theirs["embedding.weight"] = rng.normal(size=(11, width)).astype(np.float32)
    kernel("net/conv", "conv", 3, 3, 2, width)
    for name, other in {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }.items():
        array = rng.random(width).astype(np.float32)
        ours[f"net/batch_norm/{name}"] = theirs[f"batch_norm.{other}"] = array
    for layer in range(depth):
        for part in ("query", "key", "value"):
            kernel(f"net/layer_{layer}/{part}", f"layer.{layer}.{part}", width, width)
        kernel(f"net/layer_{layer}/up", f"layer.{layer}.up", width, 3 * width)
    return ours, theirs


def npz(path: Path, arrays: Arrays) -> Path:
    np.savez(path, allow_pickle=False, **{name: np.ascontiguousarray(array) for name, array in arrays.items()})
    return path


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", ["ref", "resource", "partitioned"])
def test_tensorflow_1_runs_its_loader(tmp_path: Path, scopeview: Run, kind: str, seed: int) -> None:
    ours, theirs = twins(seed)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        with tf.compat.v1.variable_scope("", use_resource=kind == "resource"):
            for name, array in ours.items():
                parts = tf.compat.v1.fixed_size_partitioner(2) if kind == "partitioned" and array.ndim > 1 else None
                tf.compat.v1.get_variable(name, array.shape, partitioner=parts)
            tf.compat.v1.get_variable("net/head/scores", [5])
        session.run(tf.compat.v1.global_variables_initializer())
        saver = tf.compat.v1.train.Saver()
        saver.save(session, str(tmp_path / "b.ckpt"))
        code = emitted(scopeview, npz(tmp_path / "a.npz", theirs), tmp_path / "b.ckpt", "tf1")

        assert run(code, session, str(tmp_path / "a.npz")) == ["net/head/scores"]
        assert "new = ['net/head/scores']" in code

        saver.save(session, str(tmp_path / "loaded.ckpt"))
    reader = tf.train.load_checkpoint(str(tmp_path / "loaded.ckpt"))
    for name, array in ours.items():
        np.testing.assert_array_equal(reader.get_tensor(name), array)


def test_a_graph_is_filled_from_weights_on_either_side(tmp_path: Path, scopeview: Run) -> None:
    """The graph is the side without values: it is filled whether it is named first or last."""
    ours, theirs = twins(3)
    with tf.Graph().as_default():
        for name, array in ours.items():
            tf.compat.v1.get_variable(name, array.shape)
        tf.compat.v1.train.export_meta_graph(str(tmp_path / "graph.meta"))
    npz(tmp_path / "a.npz", theirs)
    for sides in (("a.npz", "graph.meta"), ("graph.meta", "a.npz")):
        code = emitted(scopeview, tmp_path / sides[0], tmp_path / sides[1], "tf1")
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            tf.compat.v1.train.import_meta_graph(str(tmp_path / "graph.meta"))
            session.run(tf.compat.v1.global_variables_initializer())
            assert run(code, session, str(tmp_path / "a.npz")) == []
            for variable in tf.compat.v1.global_variables():
                np.testing.assert_array_equal(session.run(variable), ours[variable.op.name])


def test_objects_are_found_by_their_paths(tmp_path: Path, scopeview: Run) -> None:
    _, theirs = twins(4)

    class Layer(tf.Module):
        def __init__(self, kernel: tuple[int, ...], bias: int) -> None:
            super().__init__()
            self.kernel = tf.Variable(tf.zeros(kernel))
            self.bias = tf.Variable(tf.zeros(bias))

    depth = sum(name.endswith("up.weight") for name in theirs)
    width = theirs["conv.bias"].size
    root = tf.Module()
    root.layers = [tf.Module() for _ in range(depth)]
    for layer in root.layers:
        for part in ("query", "key", "value"):
            setattr(layer, part, Layer((width, width), width))
        layer.up = Layer((width, 3 * width), 3 * width)
    tf.train.Checkpoint(net=root).write(str(tmp_path / "b"))
    layers = {name: array for name, array in theirs.items() if name.startswith("layer.")}
    code = emitted(scopeview, npz(tmp_path / "a.npz", layers), tmp_path / "b", "tf2")

    assert run(code, tf.train.Checkpoint(net=root), str(tmp_path / "a.npz")) == []
    for number, layer in enumerate(root.layers):
        for part in ("query", "key", "value", "up"):
            np.testing.assert_array_equal(
                getattr(layer, part).kernel.numpy(), theirs[f"layer.{number}.{part}.weight"].T
            )
            np.testing.assert_array_equal(getattr(layer, part).bias.numpy(), theirs[f"layer.{number}.{part}.bias"])


def test_variables_of_tensorflow_2_are_found_by_name(tmp_path: Path, scopeview: Run) -> None:
    ours, theirs = twins(5)
    module = tf.Module()
    module.held = [tf.Variable(np.zeros_like(array), name=name) for name, array in ours.items()]
    code = emitted(scopeview, npz(tmp_path / "a.npz", theirs), write(tmp_path / "b.ckpt", ours), "tf2")

    assert run(code, module, str(tmp_path / "a.npz")) == []
    for variable in module.variables:
        np.testing.assert_array_equal(variable.numpy(), ours[variable.name.removesuffix(":0")])


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras
@pytest.mark.parametrize("saved", ["x.weights.h5", "x.keras", "x.h5", "x.ckpt"])
def test_keras_runs_its_loader_whatever_the_model_was_saved_as(tmp_path: Path, scopeview: Run, saved: str) -> None:
    keras: Any = pytest.importorskip("keras", reason="Keras runs what is emitted")
    rng = np.random.default_rng(6)
    layers = [
        keras.layers.Dense(5, name="first"),
        keras.layers.Dense(7, name="second"),
        keras.layers.Dense(3, name="last"),
    ]
    model = keras.Sequential([keras.Input((4,)), *layers])
    theirs: Arrays = {}
    for layer in layers:
        rows, columns = layer.kernel.shape
        theirs[f"{layer.name}.weight"] = rng.normal(size=(columns, rows)).astype(np.float32)
        theirs[f"{layer.name}.bias"] = rng.normal(size=columns).astype(np.float32)
    theirs.pop("last.bias")
    target = tmp_path / saved
    if saved == "x.ckpt":
        write(target, {weight.path: np.asarray(weight) for weight in model.weights})
    elif saved == "x.weights.h5":
        model.save_weights(target)
    else:
        model.save(target)
    code = emitted(scopeview, npz(tmp_path / "a.npz", theirs), target, "keras")

    is_numbered = saved in ("x.weights.h5", "x.keras")  # the names of such files are then what the loader returns
    assert run(code, model, str(tmp_path / "a.npz")) == [
        "layers/dense_2/vars/1" if is_numbered else layers[2].bias.path
    ]
    for layer in layers:
        np.testing.assert_array_equal(np.asarray(layer.kernel), theirs[f"{layer.name}.weight"].T)
    np.testing.assert_array_equal(np.asarray(layers[0].bias), theirs["first.bias"])


SOURCES = [
    "a.ckpt",
    "a.npz",
    "a.h5",
    "a.weights.h5",
    "a.safetensors",
    "a.safetensors.index.json",
    "a.pt",
    "a.onnx",
    "a.bin.index.json",
]


@pytest.mark.frameworks
@pytest.mark.parametrize("source", SOURCES)
def test_pytorch_runs_its_loader_from_whatever_the_source_is(tmp_path: Path, scopeview: Run, source: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch runs what is emitted")
    ours, theirs = twins(7)
    path = saved_as(tmp_path / source, ours)
    state = {name: torch.from_numpy(np.array(array)) for name, array in theirs.items()}
    state["batch_norm.num_batches_tracked"] = torch.tensor(3)
    torch.save(state, tmp_path / "b.pt")
    code = emitted(scopeview, path, tmp_path / "b.pt", "torch")

    model = torch_module(torch, {name: tuple(tensor.shape) for name, tensor in state.items()})
    assert run(code, model, str(path)) == ["batch_norm.num_batches_tracked"]
    loaded = model.state_dict()
    for name, array in theirs.items():
        np.testing.assert_array_equal(loaded[name].numpy(), array)


def saved_as(path: Path, ours: Arrays) -> Path:
    """Save the weights of TensorFlow's side in the format that a name stands for."""
    if path.suffix == ".ckpt":
        return write(path, ours)
    if path.suffix == ".npz":
        return npz(path, ours)
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path, "w") as file:
            for name, array in ours.items():
                file.create_dataset(f"{name}:0" if path.name == "a.h5" else name, data=array)
        return path
    arrays = {name: np.ascontiguousarray(array) for name, array in ours.items()}
    if path.suffix == ".pt":
        import torch

        torch.save({"model": {name: torch.from_numpy(array) for name, array in arrays.items()}}, path)
        return path
    if path.suffix == ".onnx":
        import onnx

        initializers = [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()]
        onnx.save(onnx.helper.make_model(onnx.helper.make_graph([], "net", [], [], initializers)), path)
        return path
    return sharded(path, arrays)


def sharded(path: Path, arrays: Arrays) -> Path:
    import json

    from safetensors.numpy import save_file

    if path.suffix == ".safetensors":
        save_file(arrays, path)
        return path
    names = list(arrays)
    end = path.name.split(".")[1]
    files = {f"one.{end}": names[::2], f"two.{end}": names[1::2]}
    for name, held in files.items():
        chosen = {key: arrays[key] for key in held}
        if end == "safetensors":
            save_file(chosen, path.with_name(name))
        else:
            import torch

            torch.save({key: torch.from_numpy(array) for key, array in chosen.items()}, path.with_name(name))
    path.write_text(json.dumps({"weight_map": {key: name for name, held in files.items() for key in held}}))
    return path


def torch_module(torch: Any, shapes: dict[str, tuple[int, ...]]) -> Any:
    """Return a module with tensors of these names."""
    root = torch.nn.Module()
    for name, shape in shapes.items():
        *scopes, leaf = name.split(".")
        module = root
        for scope in scopes:
            if not hasattr(module, scope):
                module.add_module(scope, torch.nn.Module())
            module = getattr(module, scope)
        module.register_buffer(leaf, torch.zeros(shape))
    return root


@pytest.mark.frameworks
def test_jax_runs_its_loader(tmp_path: Path, scopeview: Run) -> None:
    jnp: Any = pytest.importorskip("jax.numpy", reason="JAX runs what is emitted")
    ours, theirs = twins(8)
    params: dict[str, Any] = {"extra": {"scale": jnp.zeros(3)}}
    for name, array in ours.items():
        *scopes, leaf = name.split("/")
        held = params
        for scope in scopes:
            held = held.setdefault(scope, {})
        held[leaf] = jnp.zeros(array.shape)
    target = npz(tmp_path / "b.npz", ours | {"extra/scale": np.zeros(3, np.float32)})
    code = emitted(scopeview, npz(tmp_path / "a.npz", theirs), target, "jax")

    loaded, new = run(code, params, str(tmp_path / "a.npz"))

    assert new == ["extra/scale"]
    for name, array in ours.items():
        value = loaded
        for part in name.split("/"):
            value = value[part]
        np.testing.assert_array_equal(value, array)


def test_a_model_of_other_names_is_an_error_of_the_loader(tmp_path: Path, scopeview: Run) -> None:
    ours, theirs = twins(9)
    code = emitted(scopeview, npz(tmp_path / "a.npz", theirs), write(tmp_path / "b.ckpt", ours), "tf2")
    module = tf.Module()
    module.held = [tf.Variable(0.0, name="other")]

    with pytest.raises(KeyError, match="the model has no net/"):
        run(code, module, str(tmp_path / "a.npz"))


def test_nothing_to_load_is_said(tmp_path: Path, scopeview: Run) -> None:
    a = npz(tmp_path / "a.npz", {"w": np.zeros(3)})
    b = npz(tmp_path / "b.npz", {"other/kernel": np.zeros((2, 2))})

    done = scopeview("diff", a, b, "--format", "torch")

    assert (done.code, "no variable of the one side can fill one of the other" in done.err) == (2, True)


@pytest.mark.frameworks
def test_hostile_names_are_text_of_the_code(tmp_path: Path, scopeview: Run) -> None:
    """Quotes, braces, line ends and backslashes of names stay within their quotes, in loops too."""
    odd = ['a"b', "a'b", "{i}", "}{", "\\n", "x\ny", "a\u202eb", '"""', "{0}"]
    arrays: Arrays = {f"{text}/layer_{n}/w": np.array([n, n + 1], np.float32) for text in odd for n in range(4)}
    module = tf.Module()
    module.held = [tf.Variable([0.0, 0.0]) for _ in arrays]
    path = npz(tmp_path / 'a"""b.npz', arrays)
    code = emitted(scopeview, path, npz(tmp_path / "b.npz", arrays), "jax")

    pytest.importorskip("jax", reason="JAX runs what is emitted")
    params: dict[str, Any] = {}
    for name, array in arrays.items():
        *scopes, leaf = name.split("/")
        held = params
        for scope in scopes:
            held = held.setdefault(scope, {})
        held[leaf] = np.zeros_like(array)
    loaded, new = run(code, params, str(path))
    assert (new, code.count("for i in range(4)")) == ([], 1)
    np.testing.assert_array_equal(loaded["{i}"]["layer_3"]["w"], [3, 4])


def test_lines_that_differ_by_running_numbers_are_a_loop() -> None:
    lines = [Line("add({0}, {1})", (f"a.{n}.w{2 * n}", f"b_{n + 1}")) for n in range(4)]
    lines += [Line("add({0}, {1})", (f"c.{n}.{m}.w", f"d_{n + 2}/{m}/w")) for n in range(3) for m in range(5)]
    lines += [Line("add({0}, {1})", (f"e.0{n}", f"e.{n}")) for n in range(3)]

    single, loops = folded(lines)

    made: set[tuple[str, str]] = set()
    code = [line.code for line in single]
    for (first, last), codes in loops:
        code += [f"for i in range({first}, {last}):", *(f"    {line}" for line in codes)]
    exec("\n".join(code), {"add": lambda *names: made.add(names)})
    assert made == {line.names for line in lines}
    assert len(single) == 4 + 3  # 0 and 2 * n do not grow together; 00 is no number
    assert sum(len(codes) for _, codes in loops) == 3


@pytest.mark.parametrize("kind", ["tfjs", "tflite", "zarr"])
def test_formats_that_no_common_library_reads_are_read_by_scopeview(tmp_path: Path, scopeview: Run, kind: str) -> None:
    kernel, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(3, dtype=np.float32)
    if kind == "tfjs":
        named = [tfjs_weight("net/kernel", kernel), tfjs_weight("net/bias", bias)]
        source = write_tfjs(tmp_path, [{"paths": ["a.bin"], "weights": named}], a=kernel.tobytes() + bias.tobytes())
    elif kind == "tflite":
        tflite = pytest.importorskip("tests.readers.weights.test_tflite")
        small = kernel.astype(np.int8)
        quantized = tflite.one("net/kernel", small, 1, scale=[2.0], zero=[1], axis=0)
        source = tmp_path / "x.tflite"
        raws = [b"", small.tobytes(), bias.tobytes()]
        source.write_bytes(tflite.built([quantized, tflite.one("net/bias", bias, 2)], raws))
        kernel = (kernel - 1) * 2
    else:
        pytest.importorskip("tensorstore", reason="tensorstore reads Zarr")
        zarr = pytest.importorskip("tests.readers.weights.test_zarr")
        source = zarr.write(tmp_path / "store", {"net/kernel": kernel, "net/bias": bias})
        (source / ".zgroup").write_text('{"zarr_format": 2}')
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for name, array in (("net/kernel", kernel), ("net/bias", bias)):
            tf.compat.v1.get_variable(name, array.shape, use_resource=False)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.export_meta_graph(str(tmp_path / "graph.meta"))

        code = emitted(scopeview, source, tmp_path / "graph.meta", "tf1")

        assert run(code, session, str(source)) == []
        np.testing.assert_array_equal(session.run("net/kernel:0"), kernel)
        np.testing.assert_array_equal(session.run("net/bias:0"), bias)
