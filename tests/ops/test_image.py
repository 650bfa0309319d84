"""Every function of `keras.ops.image`: value, type, gradient, shapes, compiled."""

import numpy as np
import pytest
import scipy.ndimage
from ops.helpers import (
    check_compiled,
    check_gradient,
    check_symbolic,
    check_value,
    floats,
)
from ops.image_rows import BYTES, IMAGES, ROWS

import keras
import keras.ops.image as api
from keras import ops
from keras.core.op import OPS

# Tested below, not by a row.
APART = {"elastic_transform"}


def test_every_function_has_a_row():
    assert set(api.__all__) - {r.name.removeprefix("image.") for r in ROWS} == APART


@pytest.mark.parametrize("r", ROWS, ids=str)
def test_value(r, backend):
    check_value(r)


@pytest.mark.gradients
@pytest.mark.parametrize("r", [r for r in ROWS if r.grad], ids=str)
def test_gradient(r, backend):
    check_gradient(r)


@pytest.mark.parametrize("r", [r for r in ROWS if r.symbolic], ids=str)
def test_symbolic_is_actual(r, backend):
    check_symbolic(r)


@pytest.mark.slow
@pytest.mark.parametrize("r", [r for r in ROWS if r.symbolic], ids=str)
@pytest.mark.parametrize("compiler", ["jax", "tensorflow"])
def test_compiled_is_eager(r, compiler):
    with keras.config.backend_scope(compiler):
        check_compiled(r, compiler)


def test_sizes_that_a_graph_does_not_know():
    """Height and width may be unknown; the values are those of known ones."""
    import tensorflow as tf

    def run(x):
        return (
            api.resize(x, (4, 9), "bicubic", True),
            api.resize(x, (4, 9), pad_to_aspect_ratio=True, fill_value=1.0),
            api.resize(x, (4, 9), crop_to_aspect_ratio=True),
            api.resize(x, (4, 9), "nearest"),
            api.crop_images(x, 1, 1, target_height=3, target_width=3),
            api.pad_images(x, 1, 1, target_height=8, target_width=9),
            api.gaussian_blur(x, 13, 2.0),
            api.affine_transform(x, [[1.0, 0.2, 0, 0, 1, 0.5, 0, 0]] * 2, "nearest"),
            api.extract_patches(x, 3, padding="same"),
        )

    with keras.config.backend_scope("tensorflow"):
        signature = tf.TensorSpec((None, None, None, 3), tf.float32)
        compiled = tf.function(run, [signature], autograph=False)(IMAGES)
        for a, b in zip(compiled, run(IMAGES)):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "float16"])
def test_the_type_stays(dtype, backend):
    """Integers are rounded, and kept in their range."""
    x = BYTES if dtype == "uint8" else (BYTES / 64).astype(dtype)
    wide = x.astype("float32")
    maps = [[0.8, -0.6, 2.2, 0.6, 0.8, -1.7, 0, 0]] * 2
    for run in (
        lambda x: api.resize(x, (9, 4), "bicubic"),
        lambda x: api.affine_transform(x, maps, fill_mode="reflect"),
        lambda x: api.gaussian_blur(x),
    ):
        got, exact = run(ops.convert_to_tensor(x)), run(ops.convert_to_tensor(wide))
        assert keras.backend.standardize_dtype(got.dtype) == dtype
        got = ops.convert_to_numpy(got).astype("float32")
        exact = ops.convert_to_numpy(exact)
        if dtype == "uint8":
            exact = exact.clip(0, 255)
        step = 0.501 if dtype == "uint8" else 2e-3
        assert np.abs(got - exact).max() <= step


def test_bytes_of_gray_and_slopes(backend):
    """Gray bytes are cut off as in Keras; slopes have signs, so bytes give floats."""
    x = np.zeros((1, 3, 3, 3), "uint8")
    x[0, 0] = 255
    gray = ops.convert_to_numpy(api.rgb_to_grayscale(x))
    assert gray.dtype == np.uint8
    assert gray[0, :, 0, 0].tolist() == [254, 0, 0]  # the weights add up to 0.9999
    slopes = ops.convert_to_numpy(api.sobel_edges(x))
    assert slopes.dtype == np.float32
    assert slopes[0, 1, 1, 0].tolist() == [-4 * 255, 0]


def test_padding_to_a_ratio_is_even(backend):
    """A side gets half of what is missing, cut off: 6 columns become 8, not 9."""
    x = floats(9, 6, 1)
    got = api.resize(x, (9, 9), pad_to_aspect_ratio=True, fill_value=2.0)
    wide = np.pad(x, ((0, 0), (1, 1), (0, 0)), constant_values=2.0)
    want = api.resize(wide, (9, 9))
    np.testing.assert_allclose(
        ops.convert_to_numpy(got), ops.convert_to_numpy(want), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("fill_mode", ["nearest", "wrap", "mirror", "reflect"])
def test_far_from_the_image(fill_mode, backend):
    """Places many periods away, and axes of size 1."""
    places = np.array([[-23.3, 31.7, 105.2], [44.1, -17.6, -90.4]], "float32")
    for shape in ((4, 5), (1, 3)):
        x = floats(*shape)
        mode = "grid-wrap" if fill_mode == "wrap" else fill_mode
        want = scipy.ndimage.map_coordinates(x, places, order=1, mode=mode)
        got = api.map_coordinates(x, places, 1, fill_mode)
        np.testing.assert_allclose(
            ops.convert_to_numpy(got), want, rtol=1e-4, atol=1e-4
        )


def test_a_map_that_changes_nothing(backend):
    same = [[1.0, 0, 0, 0, 1, 0, 0, 0]] * 2
    for fill_mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
        for interpolation in ("nearest", "bilinear"):
            got = api.affine_transform(IMAGES, same, interpolation, fill_mode)
            np.testing.assert_allclose(ops.convert_to_numpy(got), IMAGES, atol=1e-5)


def test_what_is_far_outside_is_the_constant(backend):
    """Also where the pixel at the corner is not a number."""
    x = np.full((1, 4, 4, 1), np.nan, "float32")
    far = [[1.0, 0, 100, 0, 1, 100, 0, 0]]
    got = api.affine_transform(x, far, fill_value=3.0)
    np.testing.assert_array_equal(ops.convert_to_numpy(got), np.full_like(x, 3.0))


class TestElastic:
    """The field is smooth, centered, as strong as asked, and follows the seed."""

    def field(self, **options):
        """The displacements along the height: what an image of row numbers shows."""
        size = 96
        rows = np.broadcast_to(np.arange(size, dtype="float32")[:, None], (size, size))
        image = np.ascontiguousarray(np.stack([rows, rows.T], -1))[None]
        out = api.elastic_transform(image, seed=3, fill_mode="nearest", **options)
        inner = slice(24, 72)
        return ops.convert_to_numpy(out)[0, inner, inner] - image[0, inner, inner]

    def test_strength(self, backend):
        moved = self.field(alpha=10.0, sigma=3.0)
        # A Gaussian of deviation s averages 4 pi s^2 independent numbers.
        expected = 10.0 * 3.0 / np.sqrt(4 * np.pi * 9.0)
        assert abs(moved.mean()) < expected / 2
        assert expected / 1.5 < moved.std() < expected * 1.5

    def test_smoothness(self, backend):
        moved = self.field(alpha=10.0, sigma=5.0)
        assert np.abs(np.diff(moved, axis=0)).max() < moved.std()

    def test_seed(self, backend):
        x = floats(2, 12, 12, 3)
        a, b, c = (
            ops.convert_to_numpy(api.elastic_transform(x, seed=s)) for s in (1, 1, 2)
        )
        np.testing.assert_array_equal(a, b)
        assert np.abs(a - c).max() > 0.1


OVERRIDDEN = {
    "_resize": [
        *(
            ((9, 4), m, a)
            for m in ("nearest", "bilinear", "bicubic", "lanczos5")
            for a in (False, True)
        ),
        ((5, 12), "bilinear", True),
    ],
    "_project": [
        *(
            ((5, 7), o, m, 0.5)
            for o in (0, 1)
            for m in ("constant", "nearest", "wrap", "mirror", "reflect")
        ),
        ((3, 9), 1, "reflect", 0.0),
    ],
}


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_overrides_are_the_body(name, backend):
    """What a backend has of its own gives what the portable body gives."""
    maps = floats(2, 8, low=-0.1, high=0.1) + np.array(
        [0.9, 0.3, 1, -0.3, 0.9, -1, 0, 0], "float32"
    )
    for options in OVERRIDDEN[name]:
        args = (IMAGES, *options) if name == "_resize" else (IMAGES, maps, *options)
        args = tuple(
            ops.convert_to_tensor(a) if isinstance(a, np.ndarray) else a for a in args
        )
        got, want = OPS[name].run(args, {}), OPS[name].body(*args)
        np.testing.assert_allclose(
            ops.convert_to_numpy(got), ops.convert_to_numpy(want), rtol=1e-4, atol=1e-4
        )


class TestMistakes:
    def test_rank(self, backend):
        with pytest.raises(ValueError, match="resize: `images` must have rank 3"):
            api.resize(floats(4, 5), (2, 2))

    def test_names(self, backend):
        with pytest.raises(ValueError, match="Did you mean 'bilinear'"):
            api.resize(IMAGES, (2, 2), "billinear")
        with pytest.raises(ValueError, match="`fill_mode` must be one of"):
            api.affine_transform(IMAGES, floats(2, 8), fill_mode="edge")
        with pytest.raises(ValueError, match="`order` must be one of"):
            api.map_coordinates(floats(3), [[1.0]], 3)

    def test_ratio_both_ways(self, backend):
        with pytest.raises(ValueError, match="only one of"):
            api.resize(
                IMAGES, (2, 2), crop_to_aspect_ratio=True, pad_to_aspect_ratio=True
            )

    def test_shapes(self, backend):
        with pytest.raises(ValueError, match=r"`transform` must have shape \(2, 8\)"):
            api.affine_transform(IMAGES, floats(3, 8))
        with pytest.raises(ValueError, match="`end_points` must have shape"):
            api.perspective_transform(IMAGES, floats(2, 4, 2), floats(2, 3, 2))
        with pytest.raises(ValueError, match="one entry for each axis"):
            api.map_coordinates(floats(3, 4), [[1.0]], 1)
        with pytest.raises(ValueError, match="the same shape"):
            api.ssim(IMAGES, IMAGES[:1])
        with pytest.raises(ValueError, match="as large as the window"):
            api.ssim(IMAGES, IMAGES)
        with pytest.raises(ValueError, match="3 channels"):
            api.rgb_to_grayscale(IMAGES[..., :2])

    def test_crop_and_pad(self, backend):
        with pytest.raises(ValueError, match="exactly two of top_cropping"):
            api.crop_images(IMAGES, 1, 1, target_width=2)
        with pytest.raises(ValueError, match="`bottom_cropping` must not be negative"):
            api.crop_images(IMAGES, 1, 1, target_height=9, target_width=2)
        with pytest.raises(ValueError, match="`right_padding` must not be negative"):
            api.pad_images(IMAGES, 1, 1, target_height=9, target_width=2)
        with pytest.raises(ValueError, match="nothing of an axis of size 5 is left"):
            api.crop_images(IMAGES, 3, 1, 2, 1)

    def test_colors_of_bytes(self, backend):
        with pytest.raises(ValueError, match="Divide bytes by 255"):
            api.rgb_to_hsv(BYTES)
