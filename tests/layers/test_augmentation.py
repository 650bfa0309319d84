"""Layers on images: geometry, boxes, masks and labels, types, places where they run."""

import copy

import numpy as np
import pytest
from scipy import ndimage

import keras
from keras import layers, ops
from keras.core.foreign import framework_of
from keras.core.scope import backend_scope
from keras.layers.preprocessing.base import seed_scope

rng = np.random.default_rng(0)
IMAGES = rng.uniform(0, 255, (3, 20, 24, 3)).astype("float32")
MOVES = {
    "RandomRotation": {"factor": 0.2},
    "RandomZoom": {"height_factor": 0.3, "width_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.3},
    "RandomShear": {"x_factor": 0.3, "y_factor": 0.2},
    "RandomPerspective": {"factor": (1, 1), "scale": 0.3},
    "RandomFlip": {},
}
# Every layer that draws for each image, with arguments that let it do something.
RANDOM = {
    **MOVES,
    "AugMix": {},
    "CutMix": {},
    "MixUp": {"alpha": 0.5},
    "RandAugment": {},
    "RandomBrightness": {"factor": 0.3},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomColorJitter": {"brightness_factor": 0.2, "hue_factor": 0.2},
    "RandomContrast": {"factor": 0.3},
    "RandomCrop": {"height": 12, "width": 10},
    "RandomElasticTransform": {"factor": (1, 1)},
    "RandomErasing": {"factor": (1, 1)},
    "RandomGaussianBlur": {"factor": (1, 1)},
    "RandomGrayscale": {"factor": 0.5},
    "RandomHue": {"factor": 0.3},
    "RandomInvert": {"factor": (0.5, 0.5)},
    "RandomPosterization": {"factor": 5},
    "RandomSaturation": {"factor": (0.1, 0.9)},
    "RandomSharpness": {"factor": 1.0},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.9},
}


@pytest.fixture
def portable():
    keras.config.set_portable_random(True)
    yield
    keras.config.set_portable_random(False)


def numpy(x):
    return ops.convert_to_numpy(x)


def sampled(image, matrix, order):
    """An image seen through a matrix, by SciPy: zeros beyond its edges."""
    height, width, _ = image.shape
    y, x = np.mgrid[:height, :width].astype("float64")
    x, y, depth = np.einsum("ij,jhw->ihw", matrix, [x, y, np.ones_like(x)])
    places = [y / depth, x / depth]
    return np.stack(
        [
            ndimage.map_coordinates(channel, places, order=order, mode="grid-constant")
            for channel in np.moveaxis(image, -1, 0)
        ],
        axis=-1,
    )


@pytest.mark.parametrize("name", MOVES)
def test_a_draw_moves_pixels_as_scipy_does(backend, name):
    options = {"seed": 3, **MOVES[name]}
    if name not in ("RandomPerspective", "RandomFlip"):
        options["fill_mode"] = "constant"
    layer = getattr(layers, name)(**options)
    images = ops.convert_to_tensor(IMAGES)

    drawn = layer.get_random_transformation(images, training=True)
    out = numpy(layer.transform_images(images, drawn))

    matrices = numpy(layer.matrices(drawn, 20, 24)).astype("float64")
    expected = [sampled(i, m, order=1) for i, m in zip(IMAGES, matrices)]
    np.testing.assert_allclose(out, expected, atol=0.02)


@pytest.mark.parametrize("name", MOVES)
def test_boxes_and_masks_follow_the_picture(backend, name):
    """A filled rectangle is found where its box is, by the mask and by the picture."""
    options = {"seed": 5, "bounding_box_format": "xyxy", **MOVES[name]}
    if name not in ("RandomPerspective", "RandomFlip"):
        options["fill_mode"] = "constant"
    layer = getattr(layers, name)(**options)

    masks = np.zeros((3, 40, 48, 1), "int32")
    boxes = np.array([[[12, 10, 30, 22]], [[20, 14, 36, 30]], [[8, 8, 24, 32]]], "f")
    for mask, ((left, top, right, bottom),) in zip(masks, boxes.astype(int)):
        mask[top:bottom, left:right] = 7
    data = {
        "images": ops.convert_to_tensor(masks.astype("float32") * 30),
        "segmentation_masks": ops.convert_to_tensor(masks),
        "bounding_boxes": {"boxes": boxes, "labels": np.ones((3, 1), "float32")},
        "labels": np.arange(3),
    }
    out = layer(data)

    assert ops.dtype(out["segmentation_masks"]) == "int32"
    found = numpy(out["bounding_boxes"]["boxes"])[:, 0]
    for mask, image, box in zip(
        numpy(out["segmentation_masks"]), numpy(out["images"]), found
    ):
        rows, columns = np.nonzero(mask[..., 0] == 7)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(box, seen, atol=1.6)
        assert ((image[..., 0] > 105) == (mask[..., 0] == 7)).mean() > 0.97


def test_a_box_that_leaves_the_picture_has_no_label(backend):
    layer = layers.RandomTranslation((0.5, 0.5), 0.0, bounding_box_format="xyxy")
    boxes = np.array([[[1, 1, 3, 3], [1, 6, 3, 8], [-1, -1, -1, -1]]], "float32")
    labels = np.array([[4, 5, -1]], "float32")

    out = layer(
        {
            "images": np.zeros((1, 8, 8, 3)),
            "bounding_boxes": {"boxes": boxes, "labels": labels},
        }
    )["bounding_boxes"]

    assert numpy(out["labels"]).tolist() == [[4, -1, -1]]
    assert numpy(out["boxes"])[0, 0].tolist() == [1, 5, 3, 7]
    assert numpy(out["boxes"])[0, 2].tolist() == [-1] * 4


def test_helpers_for_boxes_count_as_those_of_keras(backend):
    """The numbers are what Keras 3.15.1 returned for these arguments."""
    boxes = {"boxes": np.array([[[1, 2, 5, 6]]], "float32"), "labels": np.ones((1, 1))}
    x, y = np.array([[1.0, 2.0]], "float32"), np.array([[5.0, 6.0]], "float32")
    transform = np.array([[1.1, 0.2, 3, 0.4, 0.9, 5, 0, 0]], "float32")
    zoom = layers.RandomZoom(0.2)

    clipped = zoom.get_clipped_bbox(boxes, 4.0, 1.0, 4.5, 2.0)["boxes"]
    shifted = layers.RandomShear().get_shifted_bbox(boxes, 0.2, 0.3)["boxes"]
    places = zoom.get_transformed_x_y(*map(ops.convert_to_tensor, (x, y, transform)))

    np.testing.assert_allclose(numpy(clipped), [[[0, 1, 2.5, 3]]], rtol=1e-6)
    np.testing.assert_allclose(numpy(shifted), [[[0.8, 1.7, 4.8, 5.7]]], rtol=1e-6)
    np.testing.assert_allclose(numpy(places[0]), [[5.1, 6.4]], rtol=1e-6)
    np.testing.assert_allclose(numpy(places[1]), [[9.9, 11.2]], rtol=1e-6)


def test_boxes_without_a_format_say_what_to_give():
    boxes = {"boxes": np.zeros((1, 1, 4)), "labels": np.zeros((1, 1))}
    with pytest.raises(ValueError, match='bounding_box_format="xyxy"'):
        layers.RandomFlip()({"images": np.zeros((1, 4, 4, 3)), "bounding_boxes": boxes})


@pytest.mark.slow
@pytest.mark.parametrize("name", RANDOM)
def test_the_same_seed_augments_the_same_on_every_backend(backend, portable, name):
    on_host = numpy(getattr(layers, name)(seed=7, **RANDOM[name])(IMAGES))
    layer = getattr(layers, name)(seed=7, **RANDOM[name])
    out = layer(ops.convert_to_tensor(IMAGES))

    assert framework_of(out) == backend
    near = 0.03
    if name in ("AugMix", "RandAugment"):  # bins of a histogram may differ by one
        near = 3
    np.testing.assert_allclose(numpy(out), on_host, atol=near)
    assert np.abs(on_host - IMAGES[:, : on_host.shape[1], : on_host.shape[2]]).max() > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", RANDOM)
def test_augmentation_inside_a_compiled_model(backend, name):
    """In training it draws again for each batch, at inference it draws nothing."""
    layer = getattr(layers, name)(**RANDOM[name])
    model = keras.Sequential([keras.Input((20, 24, 3)), layer])
    step = keras.jit(lambda x: model(x, training=True))
    twice = [numpy(step(ops.convert_to_tensor(IMAGES))) for _ in range(6)]
    still = model.predict(IMAGES, verbose=0)

    assert any(np.abs(out - twice[0]).max() > 1e-3 for out in twice[1:])
    assert np.isfinite(twice).all()
    if name != "RandomCrop":
        np.testing.assert_allclose(still, IMAGES, atol=1e-4)


@pytest.mark.gradients
def test_fit_with_augmentation_in_the_model(backend):
    model = keras.Sequential(
        [
            layers.Pipeline(
                [layers.RandomFlip(), layers.RandomRotation(0.1)], fuse=True
            ),
            layers.RandomContrast(0.2),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    model.compile("sgd", "mse")
    history = model.fit(IMAGES, np.zeros((3, 2)), batch_size=2, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.slow
def test_inside_dataset_map_with_unknown_sizes():
    tf = pytest.importorskip("tensorflow")
    augment = layers.Pipeline(
        [
            layers.RandomFlip(),
            layers.RandomZoom(0.2),
            layers.RandomCrop(8, 9),
            layers.RandomGaussianBlur(),
            layers.RandomErasing(),
            layers.Resizing(6, 7, pad_to_aspect_ratio=True),
        ]
    )

    def images():
        yield from (IMAGES[0], IMAGES[1, :10, :12], IMAGES[2, :7, :20])

    spec = tf.TensorSpec((None, None, 3), tf.float32)
    dataset = tf.data.Dataset.from_generator(images, output_signature=spec)
    out = list(dataset.map(augment).as_numpy_iterator())
    assert [x.shape for x in out] == [(6, 7, 3)] * 3
    batches = dataset.take(1).batch(1).map(lambda x: {"images": x}).map(augment)
    assert next(iter(batches))["images"].shape == (1, 6, 7, 3)


def test_fused_movements_are_one_resampling(backend):
    moves = [
        layers.RandomFlip("horizontal", seed=1),
        layers.RandomRotation(0.2, fill_mode="constant", seed=2),
        layers.RandomZoom(0.3, fill_mode="constant", seed=3),
    ]
    images = ops.convert_to_tensor(IMAGES)
    fused = layers.Pipeline(
        [*copy.deepcopy(moves), layers.RandomContrast(0.2)], fuse=True
    )
    assert [type(step).__name__ for step in fused._steps] == ["Fused", "RandomContrast"]

    matrices = [np.eye(3)] * 3
    for layer in moves:
        drawn = layer.get_random_transformation(images)
        matrices = np.matmul(matrices, numpy(layer.matrices(drawn, 20, 24)))
    expected = [sampled(i, m, order=1) for i, m in zip(IMAGES, matrices)]

    out = layers.Pipeline(moves, fuse=True)
    out = fused._steps[0](images)
    np.testing.assert_allclose(numpy(out), expected, atol=0.05)


def test_only_what_fits_is_fused():
    class Own(layers.RandomRotation):
        pass

    steps = layers.Pipeline(
        [
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.1, fill_mode="wrap"),
            layers.RandomFlip(),
            layers.RandomContrast(0.1),
            layers.RandomFlip(),
            Own(0.1),
        ],
        fuse=True,
    )._steps
    names = ["RandomRotation", "Fused", "RandomContrast", "RandomFlip", "Own"]
    assert [type(step).__name__ for step in steps] == names


def test_a_pipeline_is_written_as_keras_writes_it():
    pipeline = layers.Pipeline([layers.RandomFlip(seed=1)], name="augment")
    config = pipeline.get_config()
    assert sorted(config) == ["layers", "name"]

    again = layers.Pipeline.from_config(config)
    assert again.layers[0].seed == 1 and not again.fuse
    fused = layers.Pipeline([layers.RandomFlip()], fuse=True)
    assert layers.Pipeline.from_config(fused.get_config()).fuse
    assert len(pipeline.variables) == 1


def test_a_subclass_draws_and_transforms_in_its_own_way(backend):
    class Darken(layers.RandomBrightness):
        def get_random_transformation(self, data, training=True, seed=None):
            seen.append(sorted(data) if isinstance(data, dict) else data.shape)
            return {"part": 0.5} if training else None

        def transform_images(self, images, transformation, training=True):
            return images * transformation["part"] if training else images

        def transform_labels(self, labels, transformation, training=True):
            return labels + 1 if training else labels

    seen = []
    layer = Darken(0.1)
    data = {"images": ops.ones((2, 4, 4, 3)), "labels": ops.zeros((2,))}
    out = layer(data)
    assert numpy(out["images"]).max() == 0.5 and numpy(out["labels"]).tolist() == [1, 1]
    assert numpy(layer(data["images"][0])).shape == (4, 4, 3)
    assert numpy(layer(data, training=False)["labels"]).max() == 0
    assert seen[0] == ["images", "labels"] and tuple(seen[1]) == (4, 4, 3)
    assert numpy(data["images"]).max() == 1  # the dict that was given stays


@pytest.mark.slow
def test_types_that_stay_and_types_that_do_not(backend):
    bytes_ = ops.convert_to_tensor(IMAGES.astype("uint8"))
    keep = ["RandomBrightness", "RandomGrayscale"]
    for name in RANDOM:
        layer = getattr(layers, name)(**RANDOM[name])
        assert ops.dtype(layer(bytes_)) == ("uint8" if name in keep else "float32"), (
            name
        )
        layer = getattr(layers, name)(dtype="uint8", **RANDOM[name])
        assert ops.dtype(layer(bytes_)) == "uint8", name
    for name in ("Resizing", "MaxNumBoundingBoxes"):
        layer = (
            layers.Resizing(4, 4)
            if name == "Resizing"
            else layers.MaxNumBoundingBoxes(2)
        )
        assert ops.dtype(layer(bytes_)) == "uint8"
    assert ops.dtype(layers.CenterCrop(4, 4)(bytes_)) == "float32"
    assert ops.dtype(layers.Rescaling(2.0)(bytes_)) == "float32"


def test_a_seed_scope_makes_samples_independent_of_their_order():
    layer = layers.RandomRotation(0.3)
    with seed_scope(5):
        first = np.array(layer(IMAGES[0]))
    layer(IMAGES)
    with seed_scope(5), backend_scope("torch"):
        again = np.array(layer(IMAGES[0]))
    assert np.array_equal(first, again)


@pytest.mark.slow
def test_channels_first_is_the_same_picture(backend):
    for name in RANDOM:
        if name == "Equalization":
            continue
        last = getattr(layers, name)(
            seed=2, data_format="channels_last", **RANDOM[name]
        )
        first = getattr(layers, name)(
            seed=2, data_format="channels_first", **RANDOM[name]
        )
        expected = last(ops.convert_to_tensor(IMAGES))
        if name in ("RandomErasing", "AugMix", "RandAugment"):
            continue  # noise and masks are drawn in the shape of the images
        moved = first(ops.convert_to_tensor(np.moveaxis(IMAGES, -1, 1)))
        np.testing.assert_allclose(
            np.moveaxis(numpy(moved), 1, -1), numpy(expected), atol=0.02, err_msg=name
        )


@pytest.mark.parametrize(
    "make,words",
    [
        (
            lambda: layers.RandomRotation(1.5),
            "RandomRotation: `factor` must be a number",
        ),
        (lambda: layers.RandomBrightness("a"), "RandomBrightness: `factor`"),
        (lambda: layers.RandomFlip("sideways"), "RandomFlip: `mode` must be one of"),
        (
            lambda: layers.RandomZoom(0.1, fill_mode="mirror"),
            "`fill_mode` must be one of",
        ),
        (
            lambda: layers.RandomContrast(0.1, value_range=3),
            "`value_range` must be two",
        ),
        (
            lambda: layers.Resizing(0, 3),
            "Resizing: `height` must be a positive integer",
        ),
        (lambda: layers.Pipeline([3]), "Pipeline: `layers` must be layers; received 3"),
        (lambda: layers.MixUp(-1), "MixUp: `alpha` must be at least 0"),
    ],
)
def test_wrong_arguments_are_named(make, words):
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert words in str(error.value)


def test_draws_have_the_distributions_of_keras():
    """Means and bounds over many images; those of Keras 3.15.1 in the comments."""
    many = np.zeros((3000, 6, 8, 3), "float32")

    def drawn(name, **options):
        layer = getattr(layers, name)(seed=1, **options)
        found = layer.get_random_transformation(many)
        return {k: np.asarray(v, "f8") for k, v in found.items() if hasattr(v, "dtype")}

    def check(x, low, high, mean):
        assert low <= x.min() and x.max() <= high
        assert x.min() < low + 0.05 * (high - low) and x.max() > high - 0.05 * (
            high - low
        )
        np.testing.assert_allclose(x.mean(), mean, atol=0.03 * (high - low))

    check(drawn("RandomRotation", factor=(-0.1, 0.3))["angle"], -36, 108, 36)
    zoom = drawn("RandomZoom", height_factor=(-0.2, 0.4), width_factor=0.3)
    check(zoom["height_zoom"], 0.8, 1.4, 1.1)
    check(zoom["width_zoom"], 0.7, 1.3, 1.0)
    moved = drawn("RandomTranslation", height_factor=(-0.1, 0.3), width_factor=0.2)
    check(moved["translations"][:, 0], -1.6, 1.6, 0)
    check(moved["translations"][:, 1], -0.6, 1.8, 0.6)
    shear = drawn("RandomShear", x_factor=(0.1, 0.4), y_factor=0.2)["shear_factor"]
    check(np.abs(shear[:, 0]), 0.1, 0.4, 0.25)
    assert 0.4 < (shear[:, 0] > 0).mean() < 0.6
    ends = drawn("RandomPerspective", factor=0.6, scale=0.5)
    check(ends["end_points"][:, 3, 0], 5.25, 8.75, 7)
    assert 0.27 < ends["apply_perspective"].mean() < 0.33  # 0.302
    assert (
        0.67 < drawn("RandomInvert", factor=(0.6, 0.8))["apply_inversion"].mean() < 0.73
    )
    check(drawn("RandomHue", factor=(0.2, 0.6))["factor"], -0.3, 0.3, 0)
    check(drawn("RandomSaturation", factor=(0.2, 0.6))["factor"], 0.25, 1.5, 0.729)
    check(drawn("RandomContrast", factor=(0.2, 0.6))["contrast_factor"], 0.8, 1.6, 1.2)
    bits = drawn("RandomPosterization", factor=(2, 8))["shift_factor"]
    assert set(bits) == {1, 2, 3, 4, 5, 6}
    weights = drawn("MixUp", alpha=0.2)["mix_weight"]
    np.testing.assert_allclose(weights.std(), 0.4227, atol=0.02)  # 0.4227
    erased = drawn("RandomErasing", factor=(1, 1), scale=(0.25, 0.25))["batch_masks"]
    np.testing.assert_allclose(erased[..., 0].mean(), 0.25, atol=0.02)
    assert erased[:, 0].any() and erased[:, -1].any()  # no edge is left out
