"""Attention models under the names of two code bases each."""

from __future__ import annotations

from collections.abc import Iterator

from tests.renames.rows import KERAS, SCALE, SHORT, TORCH, Model, Row, each, numbers


def mesh_t5(depth: int, h: int) -> Model:
    """Mesh TensorFlow's T5 and a Keras port."""
    rows: list[Row] = [("table", "shared", "t5/shared", (211, h))]
    for side in ("encoder", "decoder"):
        parts = ("SelfAttention", "EncDecAttention")[: 1 + (side == "decoder")]
        for n, part in enumerate(parts):
            ours, theirs = f"{side}/block_{{i:03d}}/layer_{n:03d}", f"t5/{side}/block_{{i}}/layer_{n}"
            attention = [("one", f"{ours}/{part}/{x}", f"{theirs}/{part}/{x}/kernel", (h, h)) for x in "qkvo"]
            norm = ("one", f"{ours}/layer_norm/scale", f"{theirs}/layer_norm/weight", (h,))
            rows += each([*attention, norm], i=numbers(depth))
        n = len(parts)
        ours, theirs = f"{side}/block_{{i:03d}}/layer_{n:03d}", f"t5/{side}/block_{{i}}/layer_{n}"
        feed = [
            ("one", f"{ours}/DenseReluDense/wi/kernel", f"{theirs}/DenseReluDense/wi/kernel", (h, 4 * h)),
            ("one", f"{ours}/DenseReluDense/wo/kernel", f"{theirs}/DenseReluDense/wo/kernel", (4 * h, h)),
            ("one", f"{ours}/layer_norm/scale", f"{theirs}/layer_norm/weight", (h,)),
        ]
        rows += each(feed, i=numbers(depth))
        rows.append(("one", f"{side}/final_layer_norm/scale", f"t5/{side}/final_layer_norm/weight", (h,)))
    return Model("mesh-t5", KERAS, KERAS, rows)


def xlnet(depth: int, h: int) -> Model:
    """XLNet and its port."""
    at, to = "model/transformer/layer_{i}", "transformer/layer_._{i}"
    block: list[Row] = [("one", f"{at}/rel_attn/{x}/kernel", f"{to}/rel_attn/{x}", (h, 4, h // 4)) for x in "qkvor"]
    block += [
        ("norm", f"{at}/rel_attn/LayerNorm", f"{to}/rel_attn/layer_norm", (h,)),
        ("dense", f"{at}/ff/layer_1", f"{to}/ff/layer_1", (h, 4 * h)),
        ("dense", f"{at}/ff/layer_2", f"{to}/ff/layer_2", (4 * h, h)),
        ("norm", f"{at}/ff/LayerNorm", f"{to}/ff/layer_norm", (h,)),
    ]
    rows: list[Row] = [
        ("one", "model/transformer/word_embedding/lookup_table", "transformer/word_embedding/weight", (151, h)),
        ("one", "model/transformer/r_w_bias", "transformer/r_w_bias", (depth, 4, h // 4)),
        *each(block, i=numbers(depth)),
    ]
    return Model("xlnet", KERAS, KERAS, rows)


def llama(depth: int, h: int) -> Model:
    """A gated decoder in two libraries."""
    at, to = "model.layers.{i}", "transformer/h_{i}"
    block: list[Row] = [("linear", f"{at}.self_attn.{x}_proj", f"{to}/attn/{x}", (h, h)) for x in "qkvo"]
    block += [
        ("linear", f"{at}.mlp.gate_proj", f"{to}/mlp/gate", (h, 3 * h)),
        ("linear", f"{at}.mlp.up_proj", f"{to}/mlp/up", (h, 3 * h)),
        ("linear", f"{at}.mlp.down_proj", f"{to}/mlp/down", (3 * h, h)),
        ("gain", f"{at}.input_layernorm", f"{to}/norm_1", (h,)),
        ("gain", f"{at}.post_attention_layernorm", f"{to}/norm_2", (h,)),
    ]
    rows: list[Row] = [
        ("table", "model.embed_tokens", "transformer/wte", (317, h)),
        *each(block, i=numbers(depth)),
        ("gain", "model.norm", "transformer/norm_f", (h,)),
    ]
    return Model("gated-decoder", TORCH, KERAS, rows)


def conformer(depth: int, h: int) -> Model:
    """A speech encoder in two toolkits."""
    at, to = "encoder.encoders.{i}", "conformer/block_{i}"
    words = {"q": "query", "k": "key", "v": "value", "out": "output", "pos": "position"}
    block: list[Row] = [("dense", f"{at}.self_attn.linear_{x}", f"{to}/mhsa/{y}", (h, h)) for x, y in words.items()]
    block += [
        ("dense", f"{at}.feed_forward.w_1", f"{to}/ffn_2/expand", (h, 4 * h)),
        ("dense", f"{at}.feed_forward.w_2", f"{to}/ffn_2/reduce", (4 * h, h)),
        ("dense", f"{at}.feed_forward_macaron.w_1", f"{to}/ffn_1/expand", (h, 4 * h)),
        ("dense", f"{at}.feed_forward_macaron.w_2", f"{to}/ffn_1/reduce", (4 * h, h)),
        ("dense", f"{at}.conv_module.pointwise_conv1", f"{to}/conv/pw_1", (1, h, 2 * h)),
        ("dense", f"{at}.conv_module.depthwise_conv", f"{to}/conv/dw", (15, 1, h)),
        ("batch_norm", f"{at}.conv_module.norm", f"{to}/conv/bn", (h,)),
        ("dense", f"{at}.conv_module.pointwise_conv2", f"{to}/conv/pw_2", (1, h, h)),
        ("norm", f"{at}.norm_mha", f"{to}/mhsa/ln", (h,)),
        ("norm", f"{at}.norm_ff", f"{to}/ffn_2/ln", (h,)),
        ("norm", f"{at}.norm_ff_macaron", f"{to}/ffn_1/ln", (h,)),
        ("norm", f"{at}.norm_conv", f"{to}/conv/ln", (h,)),
        ("norm", f"{at}.norm_final", f"{to}/ln", (h,)),
    ]
    rows: list[Row] = [("dense", "encoder.embed.conv.0", "conformer/subsampling/conv_1", (3, 3, 1, h))]
    rows += [("dense", "encoder.embed.conv.2", "conformer/subsampling/conv_2", (3, 3, h, h))]
    rows += [*each(block, i=numbers(depth)), ("dense", "ctc.ctc_lo", "ctc/projection", (h, 29))]
    return Model("conformer", TORCH, KERAS, rows)


def vision(depth: int, h: int) -> Model:
    """Vision transformer in JAX's names and a Keras port."""
    at, to = "Transformer/encoderblock_{i}", "vit/encoder/layer_{i}"
    block: list[Row] = [
        ("norm", f"{at}/LayerNorm_0", f"{to}/norm_before", (h,)),
        *[
            ("dense", f"{at}/MultiHeadDotProductAttention_1/{x}", f"{to}/attention/{y}", (h, 4, h // 4))
            for x, y in (("query", "query"), ("key", "key"), ("value", "value"))
        ],
        ("dense", f"{at}/MultiHeadDotProductAttention_1/out", f"{to}/attention/output", (4, h // 4, h)),
        ("norm", f"{at}/LayerNorm_2", f"{to}/norm_after", (h,)),
        ("dense", f"{at}/MlpBlock_3/Dense_0", f"{to}/intermediate", (h, 4 * h)),
        ("dense", f"{at}/MlpBlock_3/Dense_1", f"{to}/output", (4 * h, h)),
    ]
    rows: list[Row] = [
        ("one", "cls", "vit/class_token", (1, 1, h)),
        ("dense", "embedding", "vit/patch_embedding/projection", (16, 16, 3, h)),
        ("one", "Transformer/posembed_input/pos_embedding", "vit/position_embeddings", (1, 197, h)),
        *each(block, i=numbers(depth)),
        ("norm", "Transformer/encoder_norm", "vit/norm", (h,)),
    ]
    return Model("vision-transformer", SCALE, KERAS, rows)


def swin(depth: int, h: int) -> Model:
    """Windows in stages: two nested series."""
    rows: list[Row] = [("dense", "patch_embed.proj", "swin/embeddings/projection", (4, 4, 3, h))]
    for stage in range(3):
        n = h << stage
        at, to = f"layers.{stage}.blocks.{{i}}", f"swin/encoder/stage_{stage + 1}/block_{{i}}"
        block: list[Row] = [
            ("norm", f"{at}.norm1", f"{to}/layernorm_before", (n,)),
            ("dense", f"{at}.attn.qkv", f"{to}/attention/qkv", (n, 3 * n)),
            ("one", f"{at}.attn.relative_position_bias_table", f"{to}/attention/relative_bias", (169, 4 << stage)),
            ("dense", f"{at}.attn.proj", f"{to}/attention/output", (n, n)),
            ("norm", f"{at}.norm2", f"{to}/layernorm_after", (n,)),
            ("dense", f"{at}.mlp.fc1", f"{to}/mlp/dense_1", (n, 4 * n)),
            ("dense", f"{at}.mlp.fc2", f"{to}/mlp/dense_2", (4 * n, n)),
        ]
        rows += each(block, i=numbers(depth, 0, 1))
        if stage < 2:
            down = f"layers.{stage}.downsample", f"swin/encoder/stage_{stage + 1}/merging"
            rows += [("linear", f"{down[0]}.reduction", f"{down[1]}/reduction", (4 * n, 2 * n))]
            rows += [("norm", f"{down[0]}.norm", f"{down[1]}/norm", (4 * n,))]
    return Model("swin", TORCH, KERAS, [*rows, ("norm", "norm", "swin/layernorm", (h << 2,))])


def translation(depth: int, h: int) -> Model:
    """An encoder and a decoder of two translation toolkits."""
    rows: list[Row] = []
    for side, short in (("encoder", "enc"), ("decoder", "dec")):
        at, to = f"transformer/{side}/layer_{{i}}", f"nmt/{short}/l{{i}}"
        parts = [("self_attention", "self_att")] + [("ffn_input_attention", "src_att")] * (side == "decoder")
        block: list[Row] = []
        for one, other in parts:
            block += [
                ("norm", f"{at}/{one}/layer_norm", f"{to}/{other}/ln", (h,)),
                *[
                    ("dense", f"{at}/{one}/{x}", f"{to}/{other}/{y}", (h, h))
                    for x, y in (("queries", "q"), ("keys", "k"), ("values", "v"), ("output", "o"))
                ],
            ]
        block += [
            ("norm", f"{at}/ffn/layer_norm", f"{to}/ff/ln", (h,)),
            ("dense", f"{at}/ffn/inner", f"{to}/ff/in", (h, 4 * h)),
            ("dense", f"{at}/ffn/outer", f"{to}/ff/out", (4 * h, h)),
        ]
        rows += each(block, i=numbers(depth))
        rows += [("norm", f"transformer/{side}/layer_norm", f"nmt/{short}/ln", (h,))]
        rows += [("table", f"transformer/{side}/w_embs", f"nmt/{short}/embed", (97 + len(side), h))]
    return Model("translation", KERAS, SHORT, rows)


def models(depth: int, h: int) -> Iterator[Model]:
    """Yield every model of this file."""
    for make in (mesh_t5, xlnet, llama, conformer, vision, swin, translation):
        yield make(depth, h)
