"""The model that trains a student on a teacher's outputs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any

from keras import ops
from keras.core import tree
from keras.core.config.serialization import serialize_keras_object
from keras.core.typing import Config
from keras.distillation.distillation_loss import DistillationLoss
from keras.metrics import Mean
from keras.models import Model
from keras.training.compiled import as_list

# What the student's layers return in the step that is under way.
_features: ContextVar[dict[str, Any] | None] = ContextVar("features", default=None)


class Distiller(Model):
    """Trains a student on the targets and on what a teacher says of the inputs.

    The loss is `student_loss_weight` times the student's own, and the rest times the
    weighted sum of the distillation losses. The teacher is not trained. The distiller
    computes what the student does; `distiller.student` is the result.

    Args:
        teacher: a trained model.
        student: the model to train.
        distillation_losses: a `DistillationLoss`, or a list of them.
        distillation_loss_weights: a weight for each, by default 1.
        student_loss_weight: from 0 (the teacher alone) to 1 (the targets alone).
        name: the name.

    Raises:
        TypeError: an argument is not a model or a loss.
        ValueError: the weights or the models do not fit.

    Example:
        >>> teacher = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        >>> student = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        >>> distiller = keras.distillation.Distiller(
        ...     teacher, student, keras.distillation.LogitsDistillation(temperature=2.0)
        ... )
        >>> distiller.compile("adam", "mse")
        >>> history = distiller.fit(np.ones((8, 4)), np.ones((8, 3)), verbose=0)
        >>> sorted(history.history)
        ['distillation_loss', 'loss', 'student_loss', 'total_loss']
    """

    teacher: Model
    student: Model
    distillation_losses: list[DistillationLoss]
    distillation_loss_weights: list[float]
    student_loss_weight: float

    def __init__(
        self,
        teacher: Model,
        student: Model,
        distillation_losses: DistillationLoss | Sequence[DistillationLoss],
        distillation_loss_weights: float | Sequence[float] | None = None,
        student_loss_weight: float = 0.5,
        name: str = "distiller",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        found = as_list(distillation_losses)
        weights = as_list(distillation_loss_weights) or [1.0] * len(found)
        _check(teacher, student, found, weights, student_loss_weight)

        self.teacher = teacher
        self.student = student
        teacher.trainable = False
        self.distillation_losses = found
        self.distillation_loss_weights = [float(w) for w in weights]
        self.student_loss_weight = float(student_loss_weight)

        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")
        self._looks_at = (
            _looker(teacher, [x.teacher_layer_name for x in found]),
            _looker(student, [x.student_layer_name for x in found]),
        )
        self.built = student.built

    def compile(  # type: ignore[override]
        self,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Any = None,
        **kwargs: Any,
    ) -> None:
        """Set the student's optimizer, loss and metrics; as `Model.compile`."""
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """What the student computes."""
        features = _features.get()
        if features is None or self._looks_at[1] is None:
            return self.student(inputs, training=training)
        outputs, features["student"] = self._look("student", inputs, training)
        return outputs

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of training."""
        with _collecting():
            return super().train_step(data)

    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation."""
        with _collecting():
            return super().test_step(data)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The weighted sum of the student's loss and the distillation losses."""
        of_student = of_teacher = ops.zeros(())
        if self.student_loss_weight > 0 and y is not None:
            of_student = super().compute_loss(x, y, y_pred, sample_weight, training)
        if self.student_loss_weight < 1:
            of_teacher = self._distillation_loss(x, y_pred, training)

        share = self.student_loss_weight if y is not None else 0.0
        total = share * of_student + (1.0 - share) * of_teacher
        count = ops.shape(tree.flatten(x)[0])[0]
        trackers = {
            self.student_loss_tracker: of_student,
            self.distillation_loss_tracker: of_teacher,
            self.total_loss_tracker: total,
        }
        for tracker, value in trackers.items():
            tracker.update_state(value, sample_weight=count)
        return total

    def _distillation_loss(self, x: Any, y_pred: Any, training: bool) -> Any:
        theirs, their_features = self._look("teacher", x, False)
        theirs = tree.map_structure(ops.stop_gradient, theirs)
        features = (_features.get() or {}).get("student")
        if features is None and self._looks_at[1] is not None:
            _, features = self._look("student", x, training)

        total = ops.zeros(())
        for loss, weight in zip(
            self.distillation_losses, self.distillation_loss_weights
        ):
            teacher, student = theirs, y_pred
            if loss.teacher_layer_name is not None:
                teacher = ops.stop_gradient(their_features[loss.teacher_layer_name])
            if loss.student_layer_name is not None:
                student = features[loss.student_layer_name]  # type: ignore[index]
            total = total + weight * loss.compute_loss(teacher, student)
        return total

    def _look(self, who: str, inputs: Any, training: Any) -> tuple[Any, Any]:
        """The outputs of a model and, where they are wanted, those of its layers."""
        looker = self._looks_at[0 if who == "teacher" else 1]
        if looker is None:
            return getattr(self, who)(inputs, training=training), None
        found = looker(inputs, training=training)
        return found["outputs"], found["features"]

    def get_config(self) -> Config:
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
            "teacher": serialize_keras_object(self.teacher),
            "student": serialize_keras_object(self.student),
            "distillation_losses": [
                serialize_keras_object(x) for x in self.distillation_losses
            ],
            "distillation_loss_weights": self.distillation_loss_weights,
            "student_loss_weight": self.student_loss_weight,
        }


@contextlib.contextmanager
def _collecting() -> Iterator[None]:
    """Keep what the student's layers return until the step ends."""
    token = _features.set({})
    try:
        yield
    finally:
        _features.reset(token)


def _looker(model: Model, names: list[str | None]) -> Model | None:
    """A model that returns the outputs and those of layers; None if none is wanted."""
    wanted = {name: model.get_layer(name).output for name in names if name is not None}
    if not wanted:
        return None
    return Model(model.inputs, {"outputs": model.output, "features": wanted})


def _check(
    teacher: Any,
    student: Any,
    found: list[Any],
    weights: list[Any],
    student_loss_weight: float,
) -> None:
    """Raise unless a distiller can be made of these."""
    for what, model in (("teacher", teacher), ("student", student)):
        if not isinstance(model, Model):
            raise TypeError(
                f"Distiller: `{what}` must be a keras.Model; received {model!r}."
            )
    for loss in found:
        if not isinstance(loss, DistillationLoss):
            raise TypeError(
                "Distiller: `distillation_losses` must be DistillationLoss objects, "
                f"such as LogitsDistillation(); received {loss!r}."
            )
    if not found:
        raise ValueError("Distiller: `distillation_losses` is empty.")
    if len(weights) != len(found):
        raise ValueError(
            f"Distiller: `distillation_loss_weights` has {len(weights)} weights for "
            f"{len(found)} losses."
        )
    if not 0 <= student_loss_weight <= 1:
        raise ValueError(
            "Distiller: `student_loss_weight` must be from 0 to 1; received "
            f"{student_loss_weight!r}."
        )

    shapes = [getattr(m, "output_shape", None) for m in (teacher, student)]
    if None not in shapes and shapes[0] != shapes[1]:
        raise ValueError(
            f"Distiller: the teacher's outputs have the shape {shapes[0]} and the "
            f"student's {shapes[1]}; they must be the same."
        )
    for loss in found:
        loss.validate_model_compatibility(teacher, student)
