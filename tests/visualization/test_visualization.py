"""Pictures of data: which pixels are drawn, how a gallery is laid out, wrong input."""

import matplotlib
import numpy as np
import pytest

from keras import ops, visualization

matplotlib.use("Agg")

IMAGES = np.full((2, 40, 60, 3), 100.0)
RED = (255, 0, 0)


class TestBoxes:
    def test_the_rim_of_the_box_is_drawn(self, backend):
        boxes = {"boxes": [[[10, 20, 30, 35]]] * 2, "labels": [[3], [-1]]}
        out = visualization.draw_bounding_boxes(
            ops.convert_to_tensor(IMAGES.astype("float32")), boxes, "xyxy", color=RED
        )
        assert out.dtype == np.uint8 and out.shape == IMAGES.shape
        for x, y in ((10, 28), (29, 28), (20, 21), (20, 34)):
            assert out[0, y, x].tolist() == list(RED)
        assert out[0, 28, 20].tolist() == [100, 100, 100]  # inside
        assert (out[1] == 100).all()  # a negative label

    def test_the_label_is_above_or_inside(self):
        for top, ground in ((24, slice(4, 22)), (2, slice(4, 16))):
            boxes = {"boxes": [[[10, top, 50, 39]]], "labels": [[3]]}
            out = visualization.draw_bounding_boxes(
                IMAGES[:1], boxes, "xyxy", {3: "cat"}, RED
            )
            letters = out[0, ground, 10:40]
            assert ((letters == 255).all(-1)).any()  # white on red

    def test_formats_and_channels_first(self):
        x = np.moveaxis(IMAGES, -1, 1)
        boxes = {"boxes": [[[0.25, 0.5, 0.75, 0.9]]] * 2, "labels": [[0]] * 2}
        out = visualization.draw_bounding_boxes(
            x, boxes, "rel_xyxy", color=RED, data_format="channels_first"
        )
        assert out[0, 30, 15].tolist() == list(RED)

    def test_mistakes(self):
        with pytest.raises(ValueError, match="'boxes' and 'labels'"):
            visualization.draw_bounding_boxes(IMAGES, {"boxes": []}, "xyxy")
        boxes = {"boxes": np.zeros((2, 3, 4)), "labels": np.zeros((2, 1))}
        with pytest.raises(ValueError, match=r"'labels' must have shape \(2, 3\)"):
            visualization.draw_bounding_boxes(IMAGES, boxes, "xyxy")
        with pytest.raises(ValueError, match="must have rank 4"):
            visualization.draw_bounding_boxes(IMAGES[0], boxes, "xyxy")


class TestMasks:
    MASKS = np.zeros((2, 40, 60), "int32")
    MASKS[:, 10:20] = 1
    MASKS[:, 30:] = -1

    def test_colors_are_mixed(self, backend):
        out = visualization.draw_segmentation_masks(
            IMAGES, self.MASKS, color_mapping={1: (200, 0, 50)}, alpha=0.25
        )
        assert out[0, 15, 0].tolist() == [125, 75, 88]
        assert out[0, 5, 0].tolist() == [100] * 3  # a class without a color
        assert out[0, 35, 0].tolist() == [100] * 3  # ignored

    def test_a_mask_that_covers(self):
        masks = self.MASKS[..., None]
        out = visualization.draw_segmentation_masks(
            IMAGES, masks, color_mapping={1: (200, 0, 50)}, blend=False
        )
        assert out[0, 15, 0].tolist() == [200, 0, 50]

    def test_default_colors_differ(self):
        from keras.visualization.masks import distinct_colors

        colors = np.array(list(distinct_colors(21).values()), float)
        gaps = np.abs(colors[:, None] - colors).sum(-1)
        assert gaps[~np.eye(21, dtype=bool)].min() > 30

    def test_mistakes(self):
        with pytest.raises(ValueError, match=r"must have shape \(2, 40, 60\)"):
            visualization.draw_segmentation_masks(IMAGES, self.MASKS[:, :5])
        with pytest.raises(ValueError, match="`alpha` must be a number from 0 to 1"):
            visualization.draw_segmentation_masks(IMAGES, self.MASKS, alpha=2)


class TestGalleries:
    def test_layout_and_text(self, tmp_path):
        images = np.random.rand(5, 8, 8, 1)
        path = tmp_path / "five.png"
        figure = visualization.plot_image_gallery(
            images,
            y_true=[0, 1, 1, 0, 2],
            y_pred=[0, 1, 0, 0, 2],
            label_map={0: "cat", 1: "dog"},
            value_range=(0, 1),
            cols=3,
            path=path,
        )
        assert path.stat().st_size > 1000
        axes = figure.axes
        assert len(axes) == 6 and len(axes[5].images) == 0
        texts = [[t.get_text() for t in axis.texts] for axis in axes[:5]]
        assert texts[2] == ["dog", "predicted: cat"]
        assert texts[4] == ["2", "predicted: 2"]
        colors = [axis.texts[1].get_color() for axis in axes[:5]]
        assert [c != "black" for c in colors] == [False, False, True, False, False]

    def test_boxes_and_masks(self, tmp_path):
        boxes = {"boxes": [[[10, 20, 30, 35]]] * 2, "labels": [[3]] * 2}
        figure = visualization.plot_bounding_box_gallery(
            IMAGES, "xyxy", y_true=boxes, y_pred=boxes, legend=True, show=False
        )
        (legend,) = figure.legends
        assert [t.get_text() for t in legend.get_texts()] == ["true", "predicted"]
        figure = visualization.plot_segmentation_mask_gallery(
            IMAGES, 2, y_true=TestMasks.MASKS, y_pred=TestMasks.MASKS, show=False
        )
        assert figure.axes[0].images[0].get_array().shape == (40, 180, 3)
        matplotlib.pyplot.close("all")

    def test_mistakes(self):
        with pytest.raises(ValueError, match="`y_true` must have one label for each"):
            visualization.plot_image_gallery(IMAGES, y_true=[1, 2, 3], show=False)
        with pytest.raises(ValueError, match="only one of `legend`"):
            visualization.plot_bounding_box_gallery(
                IMAGES, "xyxy", legend=True, legend_handles=[1]
            )
