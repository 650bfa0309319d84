"""What is behind each path of `keras.src`.

A path begins with the name of a public package, and each module below has the whole of
that package: `keras.src.layers.core.dense` has the names of `keras.layers`. What is not
public has an entry in `NAMES`.
"""

from __future__ import annotations

from keras.core.alias_modules import Alias
from keras.src.op_classes import OpClasses
from keras.src.paths import PATHS

# Public modules behind a package, where it is not the one of the same name alone.
_MODULES = {
    "backend": ("keras.backend", "keras"),
    "ops": ("keras.ops", "keras.ops.numpy"),
    "optimizers": ("keras.optimizers", "keras.optimizers.schedules"),
    "trainers": (),
}

_OPS = """cast cond convert_to_numpy convert_to_tensor is_tensor scan shape
    stop_gradient vectorized_map while_loop"""
_INTERNALS = "keras.src.internals"

# Names that are in no public module, by the package that has them.
NAMES: dict[str, dict[str, str]] = {
    "backend": {
        "compute_output_spec": "keras.core.graph.infer:infer_outputs",
        "get_keras_mask": "keras.core.masks:get_mask",
        "set_keras_mask": "keras.core.masks:set_mask",
        "standardize_data_format": "keras.core.settings:standardize_data_format",
        "standardize_shape": "keras.core.tensor:standardize_shape",
        **{name: f"keras.ops:{name}" for name in _OPS.split()},
    },
    "layers": {
        "BaseConv": "keras.layers.convolution:Conv",
        "BaseGlobalPooling": "keras.layers.pooling:GlobalPooling",
        "BasePooling": "keras.layers.pooling:Pooling",
        "Merge": "keras.layers.merging:Merge",
    },
    "losses": {"LossFunctionWrapper": "keras.losses.loss:LossFunctionWrapper"},
    "models": {"Functional": "keras.models.functional:Functional"},
    "trainers": {
        "class_weight_to_sample_weights": (
            f"{_INTERNALS}:class_weight_to_sample_weights"
        ),
    },
    "utils": {
        name: f"{_INTERNALS}:{name}"
        for name in (
            "in_grain_data_pipeline",
            "in_tf_graph",
            "no_automatic_dependency_tracking",
        )
    },
}

ADVICE = (
    "Here `keras.src` has aliases of what is public, for libraries that import "
    f"them: {', '.join(sorted(PATHS))}. Import from `keras.<package>` instead."
)


def resolve(path: str) -> Alias | None:
    """The public modules of this path, and the names that are in none."""
    if not path:
        return Alias(("keras",))

    package, _, below = path.partition(".")
    if package not in PATHS or (below and below not in PATHS[package]):
        return None

    modules = _MODULES.get(package, (f"keras.{package}",))
    names = OpClasses() if package == "ops" else NAMES.get(package, {})
    if package == "ops" and below in ("image", "linalg", "nn", "numpy"):
        modules = (f"keras.ops.{below}", *modules)
    return Alias(modules, names)
