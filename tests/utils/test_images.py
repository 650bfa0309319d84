"""Image files: decoding, loading, saving; broken and hostile ones."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

import keras
from keras import ops, utils
from keras.utils import image_files
from keras.utils.image_files import ImageFileError, decode_image

RNG = np.random.default_rng(3)
# Smooth, so that what is lost by compression is small.
PICTURE = np.asarray(
    Image.fromarray(RNG.integers(0, 255, (6, 8, 3), "uint8")).resize((80, 60))
)


@pytest.fixture(params=["simplejpeg", "Pillow"])
def decoder(request, monkeypatch):
    """JPEGs are decoded by simplejpeg, or by Pillow as if that were missing."""
    if request.param == "simplejpeg":
        pytest.importorskip("simplejpeg")
    else:
        monkeypatch.setattr(image_files, "_simplejpeg", lambda: None)
    return request.param


def saved(format, picture=PICTURE, mode=None, **options):
    """The bytes of a picture in a format."""
    file = io.BytesIO()
    image = Image.fromarray(picture)
    (image.convert(mode) if mode else image).save(file, format, **options)
    return file.getvalue()


def bomb():
    """A PNG of a few bytes that says it has 60,000 x 60,000 pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = [
        chunk(b"IHDR", header),
        chunk(b"IDAT", zlib.compress(b"")),
        chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class TestDecode:
    @pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP", "GIF", "JPEG"])
    def test_formats(self, format, decoder):
        """The pixels are Pillow's, also where another decoder is used."""
        data = saved(format)
        pixels = decode_image(data)
        assert pixels.dtype == np.uint8
        want = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        np.testing.assert_array_equal(pixels, want)

    @pytest.mark.parametrize("format", ["PNG", "JPEG"])
    def test_color_modes(self, format, decoder):
        data = saved(format)
        shapes = {"grayscale": 1, "rgb": 3, "rgba": 4}
        for mode, channels in shapes.items():
            assert decode_image(data, mode).shape == (60, 80, channels)
        gray = decode_image(data, "grayscale")[..., 0].astype(float)
        want = PICTURE @ [0.299, 0.587, 0.114]
        assert np.abs(gray - want).max() < 12

    def test_gray_files_in_color(self, decoder):
        for format in ("PNG", "JPEG"):
            pixels = decode_image(saved(format, PICTURE[..., 0]))
            assert pixels.shape == (60, 80, 3)
            np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])

    def test_sixteen_bits_keep_the_upper_eight(self):
        levels = (PICTURE[..., 0].astype("uint16") << 8) + 77
        for mode, channel in (("rgb", 2), ("grayscale", 0)):
            pixels = decode_image(saved("PNG", levels), mode)
            np.testing.assert_array_equal(pixels[..., channel], PICTURE[..., 0])

    def test_cmyk(self, decoder):
        pixels = decode_image(saved("JPEG", mode="CMYK"))
        assert np.abs(pixels.astype(int) - PICTURE).max() < 30

    def test_palette_with_transparency(self):
        image = Image.fromarray(PICTURE).quantize(16)
        file = io.BytesIO()
        image.save(file, "PNG", transparency=3)
        assert decode_image(file.getvalue(), "rgba").shape == (60, 80, 4)
        assert decode_image(file.getvalue()).shape == (60, 80, 3)

    def test_the_first_frame_of_a_film(self):
        file = io.BytesIO()
        second = Image.fromarray(255 - PICTURE)
        Image.fromarray(PICTURE).save(
            file, "GIF", save_all=True, append_images=[second]
        )
        pixels = decode_image(file.getvalue())
        assert np.abs(pixels.astype(int) - PICTURE).mean() < 10

    def test_size_hint(self, decoder):
        """A large JPEG is decoded smaller, though never below what is needed."""
        large = np.asarray(Image.fromarray(PICTURE).resize((640, 480)))
        pixels = decode_image(saved("JPEG", large), size_hint=(100, 110))
        assert 100 <= pixels.shape[0] < 480 and 110 <= pixels.shape[1] < 640
        assert decode_image(saved("JPEG", large)).shape == (480, 640, 3)

    def test_sources(self, tmp_path):
        path = tmp_path / "中文 名.png"
        path.write_bytes(saved("PNG"))
        for source in (path, str(path), path.read_bytes(), io.BytesIO(saved("PNG"))):
            np.testing.assert_array_equal(decode_image(source), PICTURE)

    def test_no_backend_is_needed(self):
        code = (
            "import sys, io, numpy; from PIL import Image\n"
            "from keras.utils.image_files import decode_image\n"
            "f = io.BytesIO(); Image.new('RGB', (4, 4)).save(f, 'JPEG')\n"
            "decode_image(f.getvalue())\n"
            "assert not {'jax', 'torch', 'tensorflow'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


class TestBrokenFiles:
    @pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF"])
    def test_truncated(self, format, tmp_path, decoder):
        path = tmp_path / "half.img"
        data = saved(format)
        path.write_bytes(data[: len(data) // 2])
        with pytest.raises(ImageFileError, match=r"half\.img"):
            decode_image(path)

    @pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff", b"\x89PNG"])
    def test_not_an_image(self, data, tmp_path, decoder):
        path = tmp_path / "noise.jpg"
        path.write_bytes(data)
        for read in (decode_image, utils.load_img):
            with pytest.raises(OSError, match=r"noise\.jpg.*cannot be decoded"):
                read(path)

    def test_bomb(self, tmp_path):
        path = tmp_path / "bomb.png"
        path.write_bytes(bomb())
        for read in (decode_image, utils.load_img):
            with pytest.raises(ImageFileError, match=r"bomb\.png"):
                read(path)

    @pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
    def test_the_limit_is_pillows(self, monkeypatch, decoder):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60 * 80 - 1)
        for format in ("PNG", "JPEG"):
            with pytest.raises(ImageFileError, match="4800|60 x 80 pixels"):
                decode_image(saved(format))
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        assert decode_image(saved("JPEG")).shape == (60, 80, 3)

    def test_no_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            decode_image(tmp_path / "nowhere.png")

    @pytest.mark.filterwarnings("ignore:.*:UserWarning:PIL")
    def test_random_bytes_raise_nothing_else(self):
        """Files cut and changed anywhere give pixels or the one error."""
        rng = np.random.default_rng(0)
        for format in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
            whole = saved(format, PICTURE[:20, :20])
            for _ in range(30):
                data = bytearray(whole[: rng.integers(2, len(whole))])
                for place in rng.integers(0, len(data), 3):
                    data[place] = rng.integers(0, 256)
                try:
                    assert decode_image(bytes(data)).dtype == np.uint8
                except ImageFileError:
                    pass

    def test_pillow_is_named_where_it_is_missing(self, monkeypatch):
        def missing(name):
            raise ImportError(name)

        monkeypatch.setattr("importlib.import_module", missing)
        with pytest.raises(ImportError, match=r'pip install "keras\[image\]"'):
            decode_image(saved("PNG"))


class TestLoad:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "picture.png"
        path.write_bytes(saved("PNG"))
        return path

    def test_modes(self, path):
        for mode, name in (("grayscale", "L"), ("rgb", "RGB"), ("rgba", "RGBA")):
            assert utils.load_img(path, mode).mode == name

    def test_deep_gray_is_kept(self, tmp_path):
        levels = (PICTURE[..., 0].astype("uint16") << 8) + 77
        path = tmp_path / "deep.png"
        path.write_bytes(saved("PNG", levels))
        image = utils.load_img(path, color_mode="grayscale")
        np.testing.assert_array_equal(np.asarray(image), levels)

    def test_target_size(self, path):
        image = utils.load_img(path, target_size=(30, 50), interpolation="bilinear")
        want = Image.fromarray(PICTURE).resize((50, 30), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(np.asarray(image), np.asarray(want))

    def test_aspect_ratio(self, path):
        image = utils.load_img(path, target_size=(30, 30), keep_aspect_ratio=True)
        want = Image.fromarray(PICTURE[:, 10:70]).resize((30, 30), 0)
        np.testing.assert_array_equal(np.asarray(image), np.asarray(want))

    def test_mistakes(self, path):
        with pytest.raises(ValueError, match="`color_mode` must be one of"):
            utils.load_img(path, color_mode="gray")
        with pytest.raises(ValueError, match="`interpolation` must be one of"):
            utils.load_img(path, target_size=(2, 2), interpolation="linear")


class TestArrays:
    def test_there_and_back(self, backend, tmp_path):
        path = tmp_path / "there.png"
        utils.save_img(path, ops.convert_to_tensor(PICTURE), scale=False)
        back = utils.img_to_array(utils.load_img(path))
        assert back.dtype == np.float32
        np.testing.assert_array_equal(back, PICTURE)

    def test_channels_first(self):
        image = utils.array_to_img(
            np.moveaxis(PICTURE, -1, 0), data_format="channels_first", scale=False
        )
        np.testing.assert_array_equal(np.asarray(image), PICTURE)
        back = utils.img_to_array(image, data_format="channels_first", dtype="uint8")
        assert back.shape == (3, 60, 80) and back.dtype == np.uint8

    def test_scale(self):
        """The values are those of Keras, which cuts off fractions."""
        x = np.array([[[1.0], [2.0]], [[3.0], [5.0]]])
        assert np.asarray(utils.array_to_img(x)).tolist() == [[0, 63], [127, 255]]
        x[0, 0] = -1
        assert np.asarray(utils.array_to_img(x)).tolist() == [[0, 127], [170, 255]]
        same = utils.array_to_img(np.full((2, 2, 3), 7.0))
        assert np.asarray(same).max() == 0

    def test_deep_gray(self):
        image = utils.array_to_img(np.array([[[300.0], [2.0]]]), scale=False)
        assert image.mode == "I"
        assert np.asarray(image).tolist() == [[300, 2]]

    def test_file_formats(self, tmp_path):
        utils.save_img(tmp_path / "a.jpg", PICTURE)
        assert Image.open(tmp_path / "a.jpg").format == "JPEG"
        file = io.BytesIO()
        utils.save_img(file, PICTURE, file_format="jpg", quality=90)
        assert Image.open(file).format == "JPEG"

    def test_transparency_in_a_jpeg(self, tmp_path):
        x = np.concatenate([PICTURE, PICTURE[..., :1]], -1)
        with pytest.warns(UserWarning, match="alpha channel is left out"):
            utils.save_img(tmp_path / "a.jpg", x)
        assert Image.open(tmp_path / "a.jpg").mode == "RGB"

    def test_mistakes(self):
        with pytest.raises(ValueError, match="rank 3 is needed"):
            utils.array_to_img(np.zeros((4, 4)))
        with pytest.raises(ValueError, match="1, 3 or 4 channels"):
            utils.array_to_img(np.zeros((4, 4, 2)))
        with pytest.raises(ValueError, match="must have rank 2 or 3"):
            utils.img_to_array(np.zeros((1, 4, 4, 3)))


class TestSmartResize:
    def test_crops_then_resizes(self, backend):
        x = RNG.random((2, 9, 6, 3)).astype("float32")
        resize = keras.preprocessing.image.smart_resize
        got = resize(x, (4, 4))
        assert isinstance(got, np.ndarray) and got.dtype == np.float32
        # 6 of 9 rows about the center.
        want = ops.image.resize(x[:, 1:7], (4, 4))
        np.testing.assert_allclose(got, ops.convert_to_numpy(want), rtol=1e-5)
        assert ops.is_tensor(resize(ops.convert_to_tensor(x), (4, 4)))

    def test_mistakes(self):
        with pytest.raises(TypeError, match="unknown arguments"):
            keras.preprocessing.image.smart_resize(PICTURE, (4, 4), foo=1)
