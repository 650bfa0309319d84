"""Weights go from PyTorch's modules into our layers and back: the results agree."""

import numpy as np
import pytest

import keras
from keras import layers
from keras.saving import load_state_dict, to_state_dict
from keras.saving.safetensors import save_safetensors
from keras.saving.state_dict import torch_attention

torch = pytest.importorskip("torch", reason="the modules are PyTorch's")
nn = torch.nn
rng = np.random.default_rng(0)


def floats(*shape):
    return rng.normal(size=shape).astype("float32")


def randomize(module):
    """Every tensor random, also those that begin as zeros or ones."""
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.is_floating_point():
                tensor.uniform_(0.1, 1.0)
    return module.eval()


def run(layer, x):
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(x)))


def first(module, x):
    return module(x)[0] if isinstance(module, nn.RNNBase) else module(x)


# A module, our layer, the input (channels first for a module with spatial axes).
PAIRS = {
    "linear": lambda: (nn.Linear(4, 3), layers.Dense(3), (2, 4)),
    "linear_without_bias": lambda: (
        nn.Linear(4, 3, bias=False),
        layers.EinsumDense("ab,bc->ac", 3),
        (2, 4),
    ),
    "linear_of_two_axes": lambda: (
        nn.Linear(4, 6),
        layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de"),
        (2, 5, 4),
    ),
    "embedding": lambda: (nn.Embedding(9, 3), layers.Embedding(9, 3), None),
    "conv1d": lambda: (nn.Conv1d(3, 4, 3), layers.Conv1D(4, 3), (2, 3, 8)),
    "conv2d": lambda: (nn.Conv2d(3, 4, (3, 2)), layers.Conv2D(4, (3, 2)), (2, 3, 8, 7)),
    "conv3d": lambda: (nn.Conv3d(2, 3, 2), layers.Conv3D(3, 2), (2, 2, 4, 5, 4)),
    "grouped": lambda: (
        nn.Conv2d(4, 6, 3, groups=2),
        layers.Conv2D(6, 3, groups=2),
        (2, 4, 6, 5),
    ),
    "depthwise": lambda: (
        nn.Conv2d(3, 6, 3, groups=3),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        (2, 3, 6, 5),
    ),
    "depthwise1d": lambda: (
        nn.Conv1d(3, 6, 3, groups=3),
        layers.DepthwiseConv1D(3, depth_multiplier=2),
        (2, 3, 6),
    ),
    "transposed": lambda: (
        nn.ConvTranspose2d(3, 4, 3, stride=2),
        layers.Conv2DTranspose(4, 3, strides=2),
        (2, 3, 5, 4),
    ),
    "transposed1d": lambda: (
        nn.ConvTranspose1d(3, 4, 3),
        layers.Conv1DTranspose(4, 3),
        (2, 3, 5),
    ),
    "batch_norm": lambda: (
        nn.BatchNorm2d(3, eps=1e-3),
        layers.BatchNormalization(),
        (2, 3, 4, 5),
    ),
    "layer_norm": lambda: (
        nn.LayerNorm(4, eps=1e-3),
        layers.LayerNormalization(),
        (2, 4),
    ),
    "group_norm": lambda: (
        nn.GroupNorm(2, 4, eps=1e-3),
        layers.GroupNormalization(2),
        (2, 4, 3, 3),
    ),
    "rms_norm": lambda: (nn.RMSNorm(4, eps=1e-6), layers.RMSNormalization(), (2, 4)),
    "prelu": lambda: (nn.PReLU(3), layers.PReLU(shared_axes=[1, 2]), (2, 3, 4, 5)),
    "rnn": lambda: (
        nn.RNN(4, 3, batch_first=True),
        layers.SimpleRNN(3, return_sequences=True),
        (2, 5, 4),
    ),
    "lstm": lambda: (
        nn.LSTM(4, 3, batch_first=True),
        layers.LSTM(3, return_sequences=True),
        (2, 5, 4),
    ),
    "lstm_without_bias": lambda: (
        nn.LSTM(4, 3, batch_first=True, bias=False),
        layers.LSTM(3, return_sequences=True, use_bias=False),
        (2, 5, 4),
    ),
    "gru": lambda: (
        nn.GRU(4, 3, batch_first=True),
        layers.GRU(3, return_sequences=True),
        (2, 5, 4),
    ),
    "bidirectional_lstm": lambda: (
        nn.LSTM(4, 3, batch_first=True, bidirectional=True),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        (2, 5, 4),
    ),
    "bidirectional_gru": lambda: (
        nn.GRU(4, 3, batch_first=True, bidirectional=True),
        layers.Bidirectional(layers.GRU(3, return_sequences=True)),
        (2, 5, 4),
    ),
}
SPATIAL = ("conv", "group", "depthwise", "transposed", "batch", "prelu")


@pytest.mark.parametrize("name", list(PAIRS))
def test_a_module_and_our_layer_agree(backend, name):
    module, layer, shape = PAIRS[name]()
    randomize(module)
    x = rng.integers(0, 9, (2, 5)) if shape is None else floats(*shape)
    last = np.moveaxis(x, 1, -1) if name.startswith(SPATIAL) else x
    run(layer, last)  # builds it
    with torch.no_grad():
        want = first(module, torch.from_numpy(x)).numpy()
    load_state_dict(layer, module.state_dict())
    got = run(layer, last)
    if name.startswith(SPATIAL):
        want = np.moveaxis(want, 1, -1)
    want = want.reshape(got.shape)  # an EinsumDense keeps its axes apart
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
    # And back: a fresh module takes ours, strictly.
    other, _, _ = PAIRS[name]()
    randomize(other)
    sent = {k: torch.from_numpy(v) for k, v in to_state_dict(layer).items()}
    left = other.load_state_dict(sent, strict=False)
    assert left.unexpected_keys == []
    assert [k for k in left.missing_keys if "num_batches" not in k] == []
    with torch.no_grad():
        back = first(other.eval(), torch.from_numpy(x)).numpy()
    if name.startswith(SPATIAL):
        back = np.moveaxis(back, 1, -1)
    np.testing.assert_allclose(back.reshape(want.shape), want, rtol=1e-5, atol=1e-5)


def test_separable_convolution(backend):
    class Separable(nn.Module):
        def __init__(self):
            super().__init__()
            self.depthwise = nn.Conv2d(3, 6, 3, groups=3, bias=False)
            self.pointwise = nn.Conv2d(6, 4, 1)

        def forward(self, x):
            return self.pointwise(self.depthwise(x))

    module, layer = (
        randomize(Separable()),
        layers.SeparableConv2D(4, 3, depth_multiplier=2),
    )
    x = floats(2, 3, 6, 5)
    last = np.moveaxis(x, 1, -1)
    run(layer, last)
    load_state_dict(layer, module.state_dict())
    with torch.no_grad():
        want = np.moveaxis(module(torch.from_numpy(x)).numpy(), 1, -1)
    np.testing.assert_allclose(run(layer, last), want, rtol=1e-5, atol=1e-5)
    assert set(to_state_dict(layer)) == set(module.state_dict())


def test_attention(backend):
    module = randomize(nn.MultiheadAttention(6, 2, batch_first=True))
    layer = layers.MultiHeadAttention(2, 3)
    x = floats(2, 5, 6)
    t = keras.ops.convert_to_tensor(x)
    layer(t, t)
    kept = {layers.MultiHeadAttention: torch_attention}
    load_state_dict(layer, module.state_dict(), layouts=kept)
    with torch.no_grad():
        want = module(*[torch.from_numpy(x)] * 3)[0].numpy()
    got = keras.ops.convert_to_numpy(layer(t, t))
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
    sent = {
        k: torch.from_numpy(v) for k, v in to_state_dict(layer, layouts=kept).items()
    }
    nn.MultiheadAttention(6, 2).load_state_dict(sent, strict=True)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4, eps=1e-3)

    def forward(self, x):
        return self.norm(self.proj(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.top = nn.Linear(4, 2)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.top(x)


class OurBlock(layers.Layer):
    def __init__(self):
        super().__init__()
        self.proj, self.norm = layers.Dense(4), layers.BatchNormalization()

    def call(self, x):
        return self.norm(self.proj(x))


class OurNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [OurBlock(), OurBlock()]
        self.top = layers.Dense(2)  # after "layers" in the alphabet

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.top(x)


RULE = {r"^(dense|norm)_(\d)\.": r"blocks.\2.\1.", r"\.dense\.": ".proj."}


def functional():
    x = y = keras.Input((4,))
    for i in (0, 1):
        y = layers.Dense(4, name=f"dense_{i}")(y)
        y = layers.BatchNormalization(name=f"norm_{i}")(y)
    return keras.Model(x, layers.Dense(2, name="top")(y))


def subclassed():
    model = OurNet()
    model(np.zeros((1, 4), "float32"))
    return model


@pytest.mark.parametrize(
    ("make", "rule"),
    [(subclassed, None), (functional, RULE)],
    ids=["attributes", "rule"],
)
def test_names(backend, make, rule, tmp_path):
    """Attributes called alike need no rule; other names are rewritten by one."""
    module, model, x = randomize(Net()), make(), floats(3, 4)
    with torch.no_grad():
        want = module(torch.from_numpy(x)).numpy()
    load_state_dict(model, module.state_dict(), rule)
    np.testing.assert_allclose(run(model, x), want, rtol=1e-4, atol=1e-5)
    names = {k for k in module.state_dict() if "num_batches" not in k}
    assert set(to_state_dict(model, rule)) == names
    # The same from a file, which is mapped.
    path = tmp_path / "net.safetensors"
    save_safetensors(path, {k: v.numpy() for k, v in module.state_dict().items()})
    model = make()
    load_state_dict(model, path, rule)
    np.testing.assert_allclose(run(model, x), want, rtol=1e-4, atol=1e-5)


def test_one_message_lists_all_and_nothing_is_loaded(backend):
    model, state = subclassed(), Net().state_dict()
    before = [np.array(w) for w in model.get_weights()]
    state["tops.weight"] = state.pop("top.weight")
    state["blocks.1.proj.weight"] = torch.zeros(4, 5)
    state["extra"] = torch.zeros(2)
    with pytest.raises(ValueError, match="nothing was loaded") as caught:
        load_state_dict(model, state)
    message = str(caught.value)
    assert "top.weight (for top.kernel, shape (2, 4))" in message
    assert "Did you mean 'tops.weight'" in message
    assert "extra (shape (2,))" in message
    assert (
        "blocks.1.proj.weight (for blocks.1.proj.kernel): (4, 4) is needed" in message
    )
    assert "(4, 5) is given" in message
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    state = Net().state_dict() | {"extra": torch.zeros(2)}
    load_state_dict(model, state, ignore=["^extra$"])


def test_half_precision_and_other_types(backend):
    module, layer = randomize(nn.Linear(4, 3)), layers.Dense(3)
    layer.build((None, 4))
    load_state_dict(layer, module.bfloat16().state_dict())
    want = module.weight.detach().float().numpy().T
    np.testing.assert_array_equal(np.asarray(layer.kernel), want)
    with pytest.raises(ValueError, match="complex64"):
        load_state_dict(
            layer, {"weight": np.zeros((3, 4), "complex64"), "bias": want[0]}
        )


def test_what_is_not_taken(backend, tmp_path):
    layer = layers.Dense(3)
    with pytest.raises(ValueError, match="not built"):
        load_state_dict(layer, {})
    layer.build((None, 4))
    with pytest.raises(ValueError, match="weights_only=True"):
        load_state_dict(layer, tmp_path / "model.pt")
    with pytest.raises(ValueError, match="two weights the name"):
        to_state_dict(layer, lambda name: "same")


def test_a_weight_map_says_everything(backend):
    """Names that count otherwise, weights that only one side has, a layer's layout."""
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(2, name="stage_1_block_b"),
            layers.Dense(2, name="stage_2_block_a"),
        ]
    )
    turned = keras.saving.state_dict.Group(
        ("kernel",), ("matrix",), lambda a: [2 * a[0]], lambda a: [a[0] / 2]
    )
    weight_map = keras.saving.WeightMap(
        rule={r"^stage_(\d)_block_(\w)\.": r"stages.{1-1}.{2}."},
        ignore=[r"^head\."],
        layouts={r"^stage_2": lambda layer: [turned]},
        fill={r"stage_2_block_a\.bias": 0.5},
    )
    state = {
        "stages.0.1.weight": np.ones((2, 3)),
        "stages.0.1.bias": np.zeros(2),
        "stages.1.0.matrix": np.full((2, 2), 6.0),
        "head.weight": np.ones(4),
    }

    load_state_dict(model, state, weight_map)

    np.testing.assert_array_equal(model.layers[1].kernel.numpy(), np.full((2, 2), 3.0))
    np.testing.assert_array_equal(model.layers[1].bias.numpy(), [0.5, 0.5])
    sent = to_state_dict(model, weight_map)
    assert sorted(sent) == sorted(state)[1:]
    np.testing.assert_array_equal(sent["stages.1.0.matrix"], state["stages.1.0.matrix"])

    model.layers[1].bias.assign([0.0, 1.0])
    with pytest.raises(ValueError, match="stage_2_block_a.bias.*0.5"):
        to_state_dict(model, weight_map)


def test_a_weight_map_does_not_fill_what_the_module_has_in_part(backend):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="top")])
    weight_map = keras.saving.WeightMap(fill={r"bias$": 0.0})
    state = {"top.weight": np.ones((2, 3)), "top.bias": np.zeros(3)}
    with pytest.raises(ValueError, match=r"top.bias.*\(2,\) is needed"):
        load_state_dict(model, state, weight_map)
    with pytest.raises(ValueError, match="top.weight"):
        load_state_dict(model, {}, weight_map)
