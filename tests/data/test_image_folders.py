"""Folders of pictures: every kind of file, broken ones, bombs; resizing; resuming."""

import os
import struct
import zlib

import numpy as np
import PIL.Image
import pytest

import keras
from keras.data.folders import folder_datasets
from keras.data.stages import UnreadableFile
from keras.layers.preprocessing.base import DataLayer
from keras.utils.image_resizing import INTERPOLATIONS, resize

QUIET = {"verbose": False, "shuffle": False, "image_size": (16, 12)}


def dataset_of(folder, **options):
    return keras.utils.image_dataset_from_directory(folder, **{**QUIET, **options})


def noise(*shape, seed=0, dtype="uint8"):
    top = np.iinfo(dtype).max + 1
    return np.random.default_rng(seed).integers(0, top, shape).astype(dtype)


def save(path, pixels, mode=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = PIL.Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **options)


@pytest.fixture
def pets(tmp_path):
    for label in ("cat", "dog"):
        for number in range(5):
            save(tmp_path / label / f"{number}.png", noise(20, 30, 3, seed=number))
    return tmp_path


def test_a_folder_of_pictures(pets):
    dataset = dataset_of(pets, batch_size=4)

    pictures, labels = dataset[0]

    assert pictures.shape == (4, 16, 12, 3) and pictures.dtype == "float32"
    assert labels.tolist() == [0, 0, 0, 0] and dataset.class_names == ["cat", "dog"]
    whole = dataset_of(pets, image_size=(20, 30))[0][0]
    np.testing.assert_array_equal(whole[1], noise(20, 30, 3, seed=1))


@pytest.mark.parametrize(
    "mode, suffix",
    [("RGB", "png"), ("RGBA", "png"), ("L", "png"), ("LA", "png"), ("P", "png")]
    + [("1", "png"), ("RGB", "bmp"), ("P", "gif"), ("RGB", "jpg"), ("L", "jpeg")]
    + [("CMYK", "jpg"), ("RGB", "JPG")],
)
@pytest.mark.parametrize("color_mode, channels", [("rgb", 3), ("grayscale", 1)])
def test_every_kind_of_file(mode, suffix, color_mode, channels, tmp_path):
    smooth = np.linspace(40, 200, 32 * 24).reshape(32, 24).astype("uint8")
    path = tmp_path / "a" / f"file.{suffix}"
    save(path, np.stack([smooth] * 3, -1), mode)

    options = {"image_size": (32, 24), "color_mode": color_mode}
    (picture,), _ = dataset_of(tmp_path, **options)[0]

    want = PIL.Image.open(path).convert("RGB" if channels == 3 else "L")
    assert picture.shape == (32, 24, channels)
    np.testing.assert_allclose(
        picture, np.asarray(want, "float32").reshape(picture.shape), atol=2
    )


def test_sixteen_bits_keep_their_upper_eight(tmp_path):
    deep = noise(8, 9, dtype="uint16")
    save(tmp_path / "a/deep.png", deep)
    (picture,), _ = dataset_of(tmp_path, image_size=(8, 9), color_mode="grayscale")[0]
    np.testing.assert_array_equal(picture[..., 0], deep >> 8)


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [PIL.Image.fromarray(np.full((8, 8), v, "uint8")) for v in (10, 200)]
    (tmp_path / "a").mkdir()
    frames[0].save(tmp_path / "a/1.gif", save_all=True, append_images=frames[1:])
    (picture,), _ = dataset_of(tmp_path, image_size=(8, 8))[0]
    np.testing.assert_array_equal(picture, np.full((8, 8, 3), 10))


# Broken files


def bomb(path):
    """A PNG of a few bytes whose header promises 10 gigapixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


def truncated(path):
    save(path, noise(300, 300, 3), format="jpeg")
    path.write_bytes(path.read_bytes()[:3000])


BROKEN = {
    "text.png": lambda path: path.write_text("not a picture"),
    "empty.jpg": lambda path: path.write_bytes(b""),
    "truncated.jpg": truncated,
    "bomb.png": bomb,
    "gone.png": lambda path: path.symlink_to("nowhere.png"),
    "folder.png": lambda path: (path.parent / "to").mkdir() or path.symlink_to("to"),
    "断 图.jpg": truncated,
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_broken_file_is_named(name, workers, pets):
    BROKEN[name](pets / "dog" / name)

    dataset = dataset_of(pets, batch_size=4).prefetch(workers=workers)
    if name == "folder.png":  # a link to a folder is a folder
        assert len(list(dataset)) == 3
        return
    with pytest.raises(UnreadableFile, match=name):
        list(dataset)

    tolerant = dataset_of(pets, batch_size=4, on_error="skip")
    tolerant = tolerant.prefetch(workers=workers)
    with pytest.warns(UserWarning, match=name):
        batches = list(tolerant)
    assert sum(len(labels) for _, labels in batches) == 10


def test_a_wrong_suffix_is_told_and_the_content_decides(pets):
    save(pets / "cat/9.jpg", noise(8, 8, 3), format="png")
    save(pets / "cat/9.tiff", noise(8, 8, 3))
    with pytest.warns(UserWarning, match=r"1 files are ignored.*9\.tiff"):
        dataset = dataset_of(pets)
    assert len(dataset.file_paths) == 11
    np.testing.assert_array_equal(
        dataset_of(pets, image_size=(8, 8))[0][0][5], noise(8, 8, 3)
    )


def test_memory_errors_are_not_taken_for_broken_files(tmp_path):
    from keras.data.folders import FolderArguments, batches_of

    def read(path):
        raise MemoryError

    save(tmp_path / "1.png", noise(4, 4))
    arguments = FolderArguments(
        "me", tmp_path, None, None, None, False, 1, None, None, False, False, "skip"
    )
    dataset = folder_datasets(arguments, (".png",), read, batches_of(2), None)
    with pytest.raises(MemoryError):
        dataset[0]


# Resizing


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("size", [(7, 9), (40, 33), (20, 30)])
def test_resizing_keeps_what_is_constant(interpolation, size):
    image = np.full((20, 30, 3), 77, "uint8")
    np.testing.assert_allclose(resize(image, size, interpolation), 77, rtol=1e-5)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos3"])
def test_resizing_is_that_of_keras_ops(interpolation):
    image = noise(21, 30, 3).astype("float32")
    with keras.config.backend_scope("numpy"):
        want = keras.ops.image.resize(image, (8, 44), interpolation)
    np.testing.assert_allclose(resize(image, (8, 44), interpolation), want, atol=2e-2)


# Layers in the pipeline


class Flip(DataLayer):
    """Turns pictures around at random."""

    def __init__(self, seed=None, **options):
        super().__init__(**options)
        self.keep_seed(seed)

    def call(self, images):
        shape = (images.shape[0], 1, 1, 1)
        turned = keras.random.uniform(shape, seed=self.seeds()) < 0.5
        return keras.ops.where(turned, keras.ops.flip(images, 2), images)


@pytest.mark.parametrize("workers, processes", [(2, False), (1, True)])
def test_layers_draw_by_seed_epoch_and_index(workers, processes, pets):
    def augmented(seed=3, **options):
        flip = Flip(seed=1)
        dataset = dataset_of(pets, batch_size=2)
        dataset = dataset.map(lambda x, y: (flip(x), y), seed=seed)
        return dataset.prefetch(**options)

    def content(dataset, epoch=0, start=0):
        return [x.tobytes() for x, _ in dataset.epoch(epoch, start)]

    plain = augmented(workers=0)
    assert content(plain) != content(plain, 1)
    assert content(plain, 1, 3) == content(plain, 1)[3:]
    assert content(augmented(seed=4, workers=0)) != content(plain)
    other = augmented(workers=workers, use_multiprocessing=processes)
    for epoch in (1, 0):
        assert content(other, epoch) == content(plain, epoch)
    other.close()


def test_workers_import_no_framework(pets):
    def loaded(x, y):
        import sys

        return [name for name in ("jax", "torch", "tensorflow") if name in sys.modules]

    flip = Flip(seed=1)
    dataset = dataset_of(pets).map(lambda x, y: (flip(x), y)).map(loaded)
    processes = dataset.prefetch(workers=1, use_multiprocessing=True)
    # What the tests themselves import comes along with the main module.
    assert next(iter(processes)) == [] or "PYTEST_CURRENT_TEST" in os.environ
    processes.close()
