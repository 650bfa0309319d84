"""How far a student is from its teacher."""

from __future__ import annotations

from typing import Any

from keras import losses, ops
from keras.core import tree
from keras.core.config.serialization import deserialize_keras_object
from keras.core.op import Tensor
from keras.core.typing import Config, LossLike, Nested

# Losses that compare distributions: they are given softmaxes, not logits.
_OF_DISTRIBUTIONS = ("kl_divergence", "categorical_crossentropy")


class DistillationLoss:
    """The base class of what a `Distiller` adds to the student's own loss.

    A subclass computes a scalar in `compute_loss`. With the attributes
    `teacher_layer_name` and `student_layer_name` it is given what these layers return
    instead of the models' outputs.

    Example:
        >>> class Difference(keras.distillation.DistillationLoss):
        ...     def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        ...         return keras.ops.mean(abs(teacher_outputs - student_outputs))
    """

    teacher_layer_name: str | None = None
    student_layer_name: str | None = None

    def compute_loss(
        self, teacher_outputs: Nested, student_outputs: Nested, **kwargs: Any
    ) -> Tensor:
        """The loss of a batch, a scalar. A subclass defines it."""
        raise NotImplementedError(
            f"{type(self).__name__} must define `compute_loss(self, teacher_outputs, "
            "student_outputs, **kwargs)`."
        )

    def validate_outputs(
        self, teacher_outputs: Nested, student_outputs: Nested
    ) -> None:
        """Raise unless the outputs can be compared.

        Raises:
            ValueError: they have not the same number of tensors.
        """
        counts = [len(tree.flatten(x)) for x in (teacher_outputs, student_outputs)]
        if counts[0] != counts[1]:
            raise ValueError(
                f"{type(self).__name__}: the teacher has {counts[0]} outputs and the "
                f"student {counts[1]}; they must be as many."
            )

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raise unless the two models fit this loss; by default any do."""

    def get_config(self) -> Config:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """A loss like the one `config` was taken from."""
        return cls(**{k: deserialize_keras_object(v) for k, v in config.items()})


class LogitsDistillation(DistillationLoss):
    """The difference of the models' logits, softened by a temperature.

    Logits are divided by `temperature`. A loss that compares distributions (KL
    divergence, categorical crossentropy) is given their softmaxes and multiplied by
    `temperature ** 2`, so that its gradients do not shrink with the temperature
    (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015).

    Args:
        temperature: above 1 it shows how the teacher ranks the wrong classes.
        loss: a loss, its name, or a structure of them like that of the outputs.

    Raises:
        ValueError: the temperature is not positive, or there is no such loss.

    Example:
        >>> loss = keras.distillation.LogitsDistillation(temperature=2.0)
        >>> float(loss.compute_loss([[1.0, 2.0]], [[1.0, 2.0]]))
        0.0
    """

    temperature: float

    def __init__(
        self, temperature: float = 3.0, loss: LossLike | Nested = "kl_divergence"
    ) -> None:
        if not temperature > 0:
            raise ValueError(
                f"LogitsDistillation: `temperature` must be positive; received "
                f"{temperature!r}."
            )
        self.temperature = float(temperature)
        self.loss = _as_losses(loss, type(self).__name__)

    def compute_loss(
        self, teacher_outputs: Nested, student_outputs: Nested, **kwargs: Any
    ) -> Tensor:
        """The mean over the batch, summed over the outputs."""
        self.validate_outputs(teacher_outputs, student_outputs)
        triples = _paired(self.loss, teacher_outputs, student_outputs)
        return sum(self._loss_of(*triple) for triple in triples)  # type: ignore[return-value]

    def _loss_of(self, loss: Any, teacher: Any, student: Any) -> Tensor:
        teacher = ops.divide(teacher, self.temperature)
        student = ops.divide(student, self.temperature)
        if _name_of(loss) not in _OF_DISTRIBUTIONS:
            return ops.mean(loss(teacher, student))

        teacher, student = ops.softmax(teacher), ops.softmax(student)
        return ops.mean(loss(teacher, student)) * self.temperature**2

    def get_config(self) -> Config:
        return {"temperature": self.temperature, "loss": _serialized(self.loss)}


class FeatureDistillation(DistillationLoss):
    """The difference of what two layers inside the models compute.

    Args:
        loss: a loss, its name, or a structure of them like that of the outputs.
        teacher_layer_name: the teacher's layer; None stands for its output.
        student_layer_name: the student's layer; None stands for its output.

    Raises:
        ValueError: there is no such loss.

    Reference:
        Romero et al., "FitNets: Hints for Thin Deep Nets", 2015.

    Example:
        >>> loss = keras.distillation.FeatureDistillation("mse", "block", "block")
        >>> float(loss.compute_loss([[1.0, 2.0]], [[1.0, 4.0]]))
        2.0
    """

    def __init__(
        self,
        loss: LossLike | Nested = "mse",
        teacher_layer_name: str | None = None,
        student_layer_name: str | None = None,
    ) -> None:
        self.loss = _as_losses(loss, type(self).__name__)
        self.teacher_layer_name = teacher_layer_name
        self.student_layer_name = student_layer_name

    def validate_model_compatibility(self, teacher: Any, student: Any) -> None:
        """Raise unless the layers exist.

        Raises:
            ValueError: a layer does not exist, or a model that needs one is not made of
                a graph.
        """
        pairs = (teacher, self.teacher_layer_name), (student, self.student_layer_name)
        for model, name in pairs:
            if name is None:
                continue
            model.get_layer(name)
            if not hasattr(model, "inputs"):
                raise ValueError(
                    f"FeatureDistillation: {model.name!r} must be a functional or a "
                    f"built Sequential model, to look at its layer {name!r}."
                )

    def compute_loss(
        self, teacher_outputs: Nested, student_outputs: Nested, **kwargs: Any
    ) -> Tensor:
        """The mean over the batch, summed over the outputs."""
        self.validate_outputs(teacher_outputs, student_outputs)
        triples = _paired(self.loss, teacher_outputs, student_outputs)
        return sum(ops.mean(loss(t, s)) for loss, t, s in triples)  # type: ignore[return-value]

    def validate_outputs(
        self, teacher_outputs: Nested, student_outputs: Nested
    ) -> None:
        """Raise unless the features have the same shapes.

        Raises:
            ValueError: shapes differ; a `Dense` layer on the student's side mends it.
        """
        super().validate_outputs(teacher_outputs, student_outputs)
        pairs = zip(tree.flatten(teacher_outputs), tree.flatten(student_outputs))
        for theirs, ours in pairs:
            if tuple(ops.shape(theirs)) != tuple(ops.shape(ours)):
                raise ValueError(
                    "FeatureDistillation: the teacher's features have shape "
                    f"{tuple(ops.shape(theirs))} and the student's "
                    f"{tuple(ops.shape(ours))}; they must be the same. Add a layer to "
                    "the student that projects its features."
                )

    def get_config(self) -> Config:
        return {
            "loss": _serialized(self.loss),
            "teacher_layer_name": self.teacher_layer_name,
            "student_layer_name": self.student_layer_name,
        }


def _as_losses(loss: Any, who: str) -> Any:
    """The losses of a structure; a config of one is a leaf."""
    if isinstance(loss, dict) and {"class_name", "config"} <= set(loss):
        loss = losses.get(loss)
    found = tree.map_structure(losses.get, loss)
    if all(x is None for x in tree.flatten(found)):
        raise ValueError(
            f"{who}: `loss` must be a loss or hold one; received {loss!r}."
        )
    return found


def _paired(loss: Any, teacher: Any, student: Any) -> list[tuple[Any, Any, Any]]:
    """Each loss with the two tensors that it compares; None leaves an output out."""
    theirs, ours = tree.flatten(teacher), tree.flatten(student)
    if not tree.is_nested(loss):
        theirs, ours = _leaves(teacher), _leaves(student)
        return [(loss, t, s) for t, s in zip(theirs, ours)]

    found = tree.flatten(loss)
    if len(found) != len(theirs):
        raise ValueError(
            f"`loss` has {len(found)} losses for {len(theirs)} outputs; give one for "
            "each, None to leave one out, or one for all."
        )
    return [p for p in zip(found, theirs, ours) if p[0] is not None]


def _leaves(outputs: Any) -> list[Any]:
    """The tensors of a structure; a list of numbers is one tensor."""
    leaves = tree.flatten(outputs)
    if all(isinstance(x, (int, float)) for x in leaves):
        return [ops.convert_to_tensor(outputs)]
    return leaves


def _name_of(loss: Any) -> str:
    return getattr(getattr(loss, "fn", loss), "__name__", "")


def _serialized(loss: Any) -> Any:
    return tree.map_structure(losses.serialize, loss)
