"""Convolutional and recurrent models under the names of two code bases each."""

from __future__ import annotations

from collections.abc import Iterator

from tests.renames.rows import KERAS, SHORT, SLIM, TORCH, Model, Row, each, numbers


def dense_net(depth: int, c: int) -> Model:
    """Keras' DenseNet and torchvision's names, kernels as they are."""
    rows: list[Row] = [("linear", "conv1/conv", "features.conv0", (7, 7, 3, 2 * c))]
    rows += [("batch_norm", "conv1/bn", "features.norm0", (2 * c,))]
    for stage in range(2, 5):
        n = 2 * c + (stage - 2) * depth * c
        for i in range(depth):
            at, to = f"conv{stage}_block{i + 1}", f"features.denseblock{stage - 1}.denselayer{i + 1}"
            rows += [
                ("batch_norm", f"{at}_0_bn", f"{to}.norm1", (n + i * c,)),
                ("linear", f"{at}_1_conv", f"{to}.conv1", (1, 1, n + i * c, 4 * c)),
                ("batch_norm", f"{at}_1_bn", f"{to}.norm2", (4 * c,)),
                ("linear", f"{at}_2_conv", f"{to}.conv2", (3, 3, 4 * c, c)),
            ]
        if stage < 4:
            m = n + depth * c
            rows += [("batch_norm", f"pool{stage}_bn", f"features.transition{stage - 1}.norm", (m,))]
            rows += [("linear", f"pool{stage}_conv", f"features.transition{stage - 1}.conv", (1, 1, m, m))]
    last = 2 * c + 3 * depth * c
    rows += [("batch_norm", "bn", "features.norm5", (last,)), ("dense", "fc10", "classifier", (last, 10))]
    return Model("dense-net", KERAS, TORCH, rows)


def darknet(depth: int, c: int) -> Model:
    """A detector's backbone: scopes numbered in order of creation, and Keras' global numbers."""
    rows: list[Row] = []
    n, at = 0, c
    for _ in range(4):
        for k in range(1 + 2 * depth):
            m = at * 2 if k == 0 else (at // 2 if k % 2 else at)
            source = at if k == 0 else (at if k % 2 else at // 2)
            shape = (1 if k and k % 2 else 3,) * 2 + (source, m)
            end = f"_{n}" if n else ""
            rows += [("linear", f"yolo/darknet/Conv{end}", f"conv2d{end}", shape)]
            rows += [("batch_norm", f"yolo/darknet/Conv{end}/BatchNorm", f"batch_normalization{end}", (m,))]
            n, at = n + 1, (m if k == 0 else at)
    slim = {**SLIM, "gamma": "/gamma", "beta": "/beta", "mean": "/moving_mean", "variance": "/moving_variance"}
    return Model("darknet", slim, KERAS, rows)


def mobile(depth: int, c: int) -> Model:
    """Inverted residuals of slim and of Keras."""
    rows: list[Row] = [
        ("linear", "MobilenetV2/Conv", "Conv1", (3, 3, 3, c)),
        ("batch_norm", "MobilenetV2/Conv", "bn_Conv1", (c,)),
    ]
    for i in range(depth * 3):
        n, m = c + 8 * (i // 3), c + 8 * ((i + 1) // 3)
        end = f"_{i}" if i else ""
        at, to = f"MobilenetV2/expanded_conv{end}", f"block_{i}" if i else "expanded_conv"
        if i:
            rows += [("linear", f"{at}/expand", f"{to}_expand", (1, 1, n, 6 * n))]
            rows += [("batch_norm", f"{at}/expand", f"{to}_expand_BN", (6 * n,))]
        wide = 6 * n if i else n
        rows += [("depthwise", f"{at}/depthwise", f"{to}_depthwise", (3, 3, wide, 1))]
        rows += [("batch_norm", f"{at}/depthwise", f"{to}_depthwise_BN", (wide,))]
        rows += [("linear", f"{at}/project", f"{to}_project", (1, 1, wide, m))]
        rows += [("batch_norm", f"{at}/project", f"{to}_project_BN", (m,))]
    return Model("mobile", SLIM, KERAS, rows)


def pix2pix(depth: int, c: int) -> Model:
    """A generator with skips and a discriminator of two authors."""
    rows: list[Row] = [("one", "generator/encoder_1/conv/filter", "G/down0/conv/w", (4, 4, 3, c))]
    for i in range(1, depth + 1):
        n, m = c << (i - 1), c << i
        rows += [("one", f"generator/encoder_{i + 1}/conv/filter", f"G/down{i}/conv/w", (4, 4, n, m))]
        rows += [("batch_norm", f"generator/encoder_{i + 1}/batchnorm", f"G/down{i}/bn", (m,))]
    for i in range(depth, 0, -1):
        n, m = c << i, c << (i - 1)
        wide = n if i == depth else 2 * n
        rows += [("one", f"generator/decoder_{i + 1}/deconv/filter", f"G/up{i}/deconv/w", (4, 4, m, wide))]
        rows += [("batch_norm", f"generator/decoder_{i + 1}/batchnorm", f"G/up{i}/bn", (m,))]
    rows += [("one", "generator/decoder_1/deconv/filter", "G/up0/deconv/w", (4, 4, 3, 2 * c))]
    for i in range(depth):
        n, m = c << i, c << (i + 1)
        rows += [("one", f"discriminator/layer_{i + 1}/conv/filter", f"D/h{i}/conv/w", (4, 4, 6 if i == 0 else n, m))]
    return Model("pix2pix", KERAS, SHORT, rows)


def u_net(depth: int, c: int) -> Model:
    """Contracting and expanding path, numbered in one series on one side."""
    rows: list[Row] = []
    for i in range(depth):
        n, m = (1 if i == 0 else c << (i - 1)), c << i
        for k in (1, 2):
            shape = (3, 3, n if k == 1 else m, m)
            rows += [("dense", f"unet/contract_{i}/conv_{k}", f"conv2d_{2 * i + k}", shape)]
            rows += [("batch_norm", f"unet/contract_{i}/bn_{k}", f"batch_norm_{2 * i + k}", (m,))]
    for i in range(depth - 1):
        level = depth - 2 - i
        n, m = c << (level + 1), c << level
        rows += [("dense", f"unet/expand_{i}/upconv", f"conv2d_transpose_{i + 1}", (2, 2, m, n))]
        for k in (1, 2):
            number = 2 * depth + 2 * i + k
            rows += [("dense", f"unet/expand_{i}/conv_{k}", f"conv2d_{number}", (3, 3, n if k == 1 else m, m))]
            rows += [("batch_norm", f"unet/expand_{i}/bn_{k}", f"batch_norm_{number}", (m,))]
    return Model("u-net", KERAS, KERAS, rows)


def recogniser(depth: int, h: int) -> Model:
    """A speech model: dense layers around two-way recurrent ones."""
    rows: list[Row] = [("dense", f"h{i + 1}", f"deepspeech/dense_{i}", (40 if i == 0 else h, h)) for i in range(3)]
    at, to = "rnn/{way}/layer_{i}/lstm_cell", "deepspeech/bilstm_{i}/{way}"
    block: list[Row] = [("lstm", at, to, (h, 4 * h))]
    rows += each(block, i=numbers(depth), way=[("fw", "forward"), ("bw", "backward")])
    rows += [("dense", "h5", "deepspeech/dense_3", (2 * h, h)), ("dense", "h6", "deepspeech/logits", (h, 29))]
    return Model("recogniser", SHORT, KERAS, rows)


def actor_critic(depth: int, h: int) -> Model:
    """Soft actor-critic of two libraries: two critics of one shape, and their targets."""
    rows: list[Row] = []
    tops = (("model/pi", "actor"), ("model/values_fn/qf1", "critic/q1"), ("model/values_fn/qf2", "critic/q2"))
    targets = (("target/values_fn/qf1", "target_critic/q1"), ("target/values_fn/qf2", "target_critic/q2"))
    for one, other in (*tops, *targets):
        source = 17 if one.endswith("pi") else 23
        rows += [("dense", f"{one}/fc{i}", f"{other}/hidden_{i}", (source if i == 0 else h, h)) for i in range(depth)]
        if one.endswith("pi"):
            rows += [
                ("dense", f"{one}/dense", f"{other}/mean", (h, 6)),
                ("dense", f"{one}/dense_1", f"{other}/log_std", (h, 6)),
            ]
        else:
            rows += [("dense", f"{one}/{one[-3:]}", f"{other}/out", (h, 1))]
    return Model("actor-critic", KERAS, KERAS, rows)


def wave_net(depth: int, c: int) -> Model:
    """Dilated convolutions whose parts are variables without a common leaf."""
    at, to = "wavenet/dilated_stack/layer{i}", "vocoder/residual_{i}"
    block: list[Row] = [
        ("one", f"{at}/filter", f"{to}/filter_conv/kernel", (2, c, c)),
        ("one", f"{at}/gate", f"{to}/gate_conv/kernel", (2, c, c)),
        ("one", f"{at}/dense", f"{to}/dense_conv/kernel", (1, c, c)),
        ("one", f"{at}/skip", f"{to}/skip_conv/kernel", (1, c, 2 * c)),
        ("one", f"{at}/filter_bias", f"{to}/filter_conv/bias", (c,)),
        ("one", f"{at}/gate_bias", f"{to}/gate_conv/bias", (c,)),
        ("one", f"{at}/dense_bias", f"{to}/dense_conv/bias", (c,)),
        ("one", f"{at}/skip_bias", f"{to}/skip_conv/bias", (2 * c,)),
    ]
    rows: list[Row] = [("one", "wavenet/causal_layer/filter", "vocoder/causal_conv/kernel", (2, 256, c))]
    rows += each(block, i=numbers(depth))
    rows += [
        ("one", f"wavenet/postprocessing/postprocess{k}", f"vocoder/post_{k}/kernel", (1, 2 * c, n))
        for k, n in ((1, 2 * c), (2, 256))
    ]
    return Model("wave-net", KERAS, KERAS, rows)


def style(depth: int, c: int) -> Model:
    """A generator named by resolutions."""
    rows: list[Row] = [("dense", f"G_mapping/Dense{i}", f"mapping.fc{i}", (c, c)) for i in range(4)]
    for i in range(depth):
        size, m = 4 << i, c * (depth - i)
        at, to = f"G_synthesis/{size}x{size}", f"synthesis.b{size}"
        for one, other in (("Conv0_up", "conv0"), ("Conv1", "conv1")):
            rows += [("dense", f"{at}/{one}", f"{to}.{other}", (3, 3, m + (c if other == "conv0" else 0), m))]
            rows += [("one", f"{at}/{one}/mod_weight", f"{to}.{other}.affine.weight", (c, m))]
        rows += [("dense", f"{at}/ToRGB", f"{to}.torgb", (1, 1, m, 3))]
    return Model("style", {**KERAS, "kernel": "/weight"}, TORCH, rows)


def models(depth: int, c: int) -> Iterator[Model]:
    """Yield every model of this file."""
    for make in (dense_net, darknet, mobile, pix2pix, u_net, recogniser, actor_critic, wave_net, style):
        yield make(depth, c)
