"""What a backend is: one module with these names, the whole seam to a framework.

Everything else in the package is written once, in terms of these names, and never asks
which backend it is on. So whoever writes the module has brought every layer, optimizer,
metric and file format to a framework; `docs/backends.md` says in which order to do it
and `keras.testing.check_backend(name)` when it is done.

The module is the backend; there is no class to subclass. mypy accepts a module where a
`Protocol` is expected, so two lines in a plug-in check every name and signature (mypy
does not look into a module inside a module by itself):

    backend: Backend = keras_mlx.backend
    random_numbers: RandomBackend = keras_mlx.backend.random

The cut is where it is because a framework has four things that cannot be written in
terms of one another: its tensors and their functions (`TABLE`), the way to evaluate a
function (now, abstractly, compiled, differentiated), its control flow, and its random
numbers. Shapes, promotion of types, masks, variables, layers and training are not in
the seam. Half of the members are optional: `keras/backend/defaults.py` has a neutral
version of each, to be imported under the same name.

In the signatures below, a `Tensor` is the framework's own; a dtype is a name such as
"float32"; a `Nest` is a structure of lists, tuples and dicts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from keras.backend.text import Rows
    from keras.core.sparse import Coo
    from keras.core.variable import Variable

Tensor: TypeAlias = Any  # a tensor of the framework, or a value traced in its place
Kept: TypeAlias = Any  # what a Variable holds: an array, a Parameter, a tf.Variable
Seed: TypeAlias = Any  # the seed of one draw, in a form that the backend chooses
Nest: TypeAlias = Any  # a nested structure of tensors
Function: TypeAlias = Callable[..., Any]


class RandomBackend(Protocol):
    """The random numbers of a backend: its module `random`.

    The state of a stream is two 32-bit words, `[seed, counter]`, kept in a Variable of
    dtype uint32 (or of the dtype that the backend has for it). A seed is made of a
    state by `advance`, or of an integer by `seed_of`, and used for one draw: the same
    seed gives the same numbers.

    Shapes are tuples of ints. A size that a graph does not know is a scalar tensor.
    """

    # Seeds

    def seed_of(self, seed: int, /) -> Seed:
        """The seed of a draw from an integer from 0 to 2**32 - 1."""

    def advance(self, state: Tensor, /) -> tuple[Seed, Tensor]:
        """The seed of a draw, and the state after it: `[seed, counter + 1]`."""

    def next_on_host(self, kept: Kept, /) -> Seed | None:
        """`advance` without an operation of the framework, or None (the default).

        Called for each draw outside of traces. A backend whose state is in the host's
        memory counts up in place and returns the seed.
        """

    def split(self, seed: Seed, number: int, /) -> Sequence[Seed]:
        """Independent seeds made of one."""

    def state_scope(self) -> AbstractContextManager[Any]:
        """A context in which states are made: it says on which device they are kept."""

    def is_traced(self, x: Tensor, /) -> bool:
        """Whether assigning `x` to a variable would lose it, as inside of `jax.jit`."""

    # The framework's own generator

    def seed_framework(self, seed: int, /) -> None:
        """Seed the framework's global generator, which user code may draw from."""

    # Draws, by whatever generator is fastest

    def random_uniform(self, shape: Any, dtype: str, seed: Seed, /) -> Tensor:
        """Uniform values in [0, 1), of a float dtype."""

    def random_normal(self, shape: Any, dtype: str, seed: Seed, /) -> Tensor:
        """Standard normal values, of a float dtype."""

    def random_randint(
        self, shape: Any, minval: Any, maxval: Any, dtype: str, seed: Seed, /
    ) -> Tensor:
        """Integers in [minval, maxval); the bounds are ints or tensors."""

    def random_gamma(
        self, shape: Any, alpha: Tensor, dtype: str, seed: Seed, /
    ) -> Tensor:
        """Gamma values of scale 1; `alpha` broadcasts to `shape`."""

    def random_binomial(
        self,
        shape: Any,
        counts: Tensor,
        probabilities: Tensor,
        dtype: str,
        seed: Seed,
        /,
    ) -> Tensor:
        """How many of `counts` trials succeed, as floats; both broadcast to `shape`."""

    def dropout(self, x: Tensor, rate: float, shape: Any, seed: Seed, /) -> Tensor:
        """`x` with a part `rate` of its elements 0 and the others divided by 1 - rate.

        `shape` is that of the noise, which broadcasts to `x`; None means that of `x`.
        """

    # Draws that are the same, bit for bit, on every backend
    # (`keras.backend.portable_random.Draws` makes them of one function of words)

    def portable_uniform(self, shape: Any, dtype: str, seed: Seed, /) -> Tensor:
        """Uniform values in [0, 1), of Threefry-2x32."""

    def portable_normal(self, shape: Any, dtype: str, seed: Seed, /) -> Tensor:
        """Standard normal values, of Threefry-2x32."""

    def portable_randint(
        self, shape: Any, minval: Any, maxval: Any, dtype: str, seed: Seed, /
    ) -> Tensor:
        """Integers in [minval, maxval), of Threefry-2x32."""

    def normal_at(self, place: Tensor, /) -> Tensor:
        """The normal value below which the mass is `place / 2**25`, an int32 tensor."""


class TextBackend(Protocol):
    """Tensors of text: the module `text` of a backend whose framework has them.

    Text is UTF-8. Only ASCII letters have a lower case, and only ASCII spaces part
    words. Rows of different lengths are `keras.backend.text.Rows`.
    """

    def standardize(self, x: Tensor, lower: bool, strip: bool, /) -> Tensor:
        """Text with letters in lower case, and without ASCII punctuation."""

    def split(self, x: Tensor, by: str, /) -> Rows:
        """The words of each text of a vector, by "whitespace", or its "character"s."""

    def rows_of(self, parts: Any, /) -> Rows:
        """What a user's function that splits returned, as `Rows`."""

    def ngrams(self, rows: Rows, widths: Sequence[int], /) -> Rows:
        """Neighbouring words joined by a space: of the first width, of the next, ..."""

    def pad(self, rows: Rows, length: int | None, /) -> Tensor:
        """Rows of numbers as a table: of a length, or of that of the longest row.

        Shorter rows are filled up with zeros.
        """

    def count(self, rows: Rows, depth: int, /) -> Tensor:
        """How often each of the numbers 0 ... depth - 1 occurs in a row, as int64.

        Numbers of `depth` and more are not counted.
        """

    def make_table(
        self, tokens: Sequence[str], numbers: Sequence[int], missing: int, /
    ) -> Any:
        """Texts and the number of each, for `find` and `tokens_at`.

        It is not a part of any graph. `missing` is the number of all other texts.
        """

    def find(self, table: Any, x: Any, /) -> Tensor:
        """The number of each text, as int64."""

    def tokens_at(self, table: Any, positions: Tensor, default: str, /) -> Tensor:
        """The text at each place among the table's, `default` where there is none."""

    def hash_bins(self, x: Any, bins: int, key: tuple[int, int] | None, /) -> Tensor:
        """The bin of each text or integer by its hash, as int64.

        The hash is FarmHash's `Fingerprint64`, or with a key SipHash-2-4. An integer is
        hashed as its decimal digits.
        """

    def cross_bins(self, columns: Sequence[Tensor], bins: int, /) -> Tensor:
        """The bin of each combination of texts or integers by its hash, as int64."""


class SparseBackend(Protocol):
    """The sparse and ragged tensors of a backend: its module `sparse`.

    Asked only where an op was given one, or where a symbolic tensor stands for one. A
    framework without sparse tensors uses `keras.backend.no_sparse`.

    What an op does with a sparse tensor is written once, in `keras/ops/sparse.py`, in
    terms of its parts: `indices` of shape (n, rank), `values` of shape (n,), `shape`.
    """

    HAS_SPARSE: bool
    """Whether `put_together` works."""

    HAS_RAGGED: bool
    """Whether there are ragged tensors."""

    TAKES_DATA: bool
    """Whether models that do not say so get SciPy's matrices as sparse tensors."""

    @property
    def TABLE(self) -> Mapping[str, Function]:
        """From the name of an op to a function that takes sparse tensors too.

        It may return NotImplemented where the rule in `keras/ops/sparse.py` serves
        better.
        """

    def kind_of(self, x: Any, /) -> str | None:
        """The kind, "sparse" or "ragged", of such a tensor; None for anything else."""

    def canonical(self, x: Tensor, /) -> Tensor:
        """`x` without elements that are stored in several summands."""

    def values_of(self, x: Tensor, /) -> Tensor:
        """The stored values, or those of all rows of a ragged tensor."""

    def with_values(self, x: Tensor, values: Tensor, /) -> Tensor:
        """A tensor with other values at the places of those of `x`."""

    def take_apart(self, x: Tensor, /) -> Coo:
        """The parts of a sparse tensor."""

    def put_together(
        self,
        indices: Tensor,
        values: Tensor,
        shape: Sequence[Any],
        is_sorted: bool,
        is_unique: bool,
        /,
    ) -> Tensor:
        """A sparse tensor made of its parts; values at the same index are summed."""

    def sum_duplicates(
        self, indices: Tensor, values: Tensor, shape: Sequence[Any], /
    ) -> tuple[Tensor, Tensor]:
        """Ascending indices without repetition, and the sums of their values.

        `values` may have further axes.
        """

    def values_at(self, x: Tensor, columns: Sequence[Tensor], outside: Any, /) -> Any:
        """The elements of a dense tensor at indices, given axis by axis.

        Where an index is out of bounds, as that of a padding is, `outside`.
        """

    def to_dense(self, x: Tensor, /) -> Tensor:
        """A sparse or ragged tensor as a dense one; ragged rows end in zeros."""

    def abstract(self, x: Tensor, kind: str, shape: Sequence[Any], /) -> Tensor:
        """A sparse or ragged tensor of the shape and dtype of `x`, to find shapes with.

        `shape` has None where a size of the symbolic tensor is not known.
        """

    def update_rows(
        self, gradient: Any, kept: Sequence[Kept], update: Function, /
    ) -> bool:
        """Change the rows of variables that a gradient has, and no others.

        Args:
            gradient: that of a table of which rows were looked up.
            kept: what the table and its slots hold.
            update: `(rows of the gradient, *rows of each) -> new rows of each`.

        Returns:
            Whether it did: False for a gradient of all rows.
        """

    def on_ragged(self, op: Any, args: Sequence[Any], /) -> Any:
        """The result of an op of ragged tensors; NotImplemented if its body serves."""


class Backend(Protocol):
    """A backend: the module `keras.backend.<name>`, or a plug-in's."""

    # What it is

    name: str
    """What users write, and the key under which caches keep what is compiled."""

    NATIVE: set[type]
    """The classes that are tensors. It may grow in `is_tensor`, as classes are met."""

    random: RandomBackend
    """Seeds and draws."""

    @property
    def text(self) -> TextBackend | None:
        """Functions of tensors of text; None where the framework has no such tensors.

        Layers that work on text run on the host then.
        """

    @property
    def sparse(self) -> SparseBackend:
        """Sparse and ragged tensors; `keras.backend.no_sparse` where there are none."""

    @property
    def TABLE(self) -> Mapping[str, Function]:
        """From the name of an op to the framework's function.

        Every primitive op is in it (`keras.core.op.OPS` and `KERNELS` list them), and
        a composite op where the framework has a faster or more exact one. A function is
        given the arguments in the op's own order, tensors converted, promoted and
        checked, without the defaults at the end. It may return NotImplemented where the
        body of a composite serves better.
        """

    @property
    def WEAK(self) -> AbstractSet[str]:
        """The ops whose function takes Python numbers beside tensors, unconverted.

        Such a number takes the dtype of the tensors. It saves making a tensor of it.
        """

    @property
    def STORED_ONLY(self) -> AbstractSet[str]:
        """The dtypes that tensors may have but that the framework cannot add."""

    @property
    def HAS_GRADIENTS(self) -> bool:
        """Whether `value_and_grad` works. Where it does not, nothing can train."""

    @property
    def LOOPS_HAVE_A_SIZE(self) -> bool:
        """Whether a loop of `compile_loop` is compiled for the size of its stacks.

        The trainer then fills smaller stacks up, so that one compilation serves all.
        """

    @property
    def FUSED_RNN(self) -> Mapping[str, Function]:
        """Kernels for whole sequences; see `defaults.FUSED_RNN`."""

    def projects_sequences(self) -> bool:
        """Whether recurrent layers multiply all steps by the input kernel at once.

        One large product before the loop is faster on most devices (the default). XLA
        on a CPU takes half the time with one product inside of each step.
        """

    # Tensors

    def is_tensor(self, x: Any, /) -> bool:
        """Whether `x` is a tensor of the framework, also one that is being traced."""

    def convert_to_tensor(self, x: Any, dtype: Any = None, /) -> Tensor:
        """A tensor of a number, (nested) list, NumPy array, Variable or tensor.

        Without `dtype`, Python floats become `floatx()`, ints int32, and all else keeps
        its type. The result does not change with the array that was given. Tensors of
        other frameworks and text are refused, by `core.foreign.refuse_foreign` and
        `refuse_text`.
        """

    def convert_to_numpy(self, x: Any, /) -> np.ndarray:
        """The values on the host; gradients are cut and bfloat16 is ml_dtypes' own."""

    def cast(self, x: Tensor, dtype: str, /) -> Tensor:
        """`x` in another dtype."""

    def dtype_of(self, x: Tensor, /) -> str:
        """The name of the dtype of `x`."""

    def dtype_name(self, dtype: Any, /) -> str:
        """The name of a dtype of the framework (`x.dtype`); called for each op."""

    def shape_of(self, x: Tensor, /) -> tuple[Any, ...]:
        """The sizes: ints, and scalar tensors where a graph does not know one."""

    def block(self, x: Nest, /) -> None:
        """Wait until the tensors in `x` are computed; for clocks and benchmarks."""

    # Variables

    def make_variable(self, value: Tensor, trainable: bool, name: str, /) -> Kept:
        """What a Variable holds for `value`: the tensor, or a container of it.

        `Variable.value` is this object, so ops must accept it as a tensor.
        """

    def assign(self, kept: Kept, value: Tensor, /) -> Kept:
        """What the Variable holds afterwards: `kept` changed in place, or `value`."""

    def set_trainable(self, kept: Kept, trainable: bool, /) -> None:
        """Tell the framework whether gradients are wanted, where it keeps that."""

    def outside_trace(self) -> AbstractContextManager[Any]:
        """A context in which values are concrete, even while a function is traced."""

    # Evaluation

    def eval_shape(
        self,
        fn: Callable[[list[Tensor]], Nest],
        specs: Sequence[tuple[tuple[int, ...], str]],
        make_spec: Callable[[tuple[int, ...], str], Any],
        /,
    ) -> Nest:
        """Shapes and dtypes of what `fn` returns, without computing it.

        Args:
            fn: takes a list of tensors and returns a nest with tensors in it.
            specs: shape and dtype of each of these tensors; every size is known.
            make_spec: `(shape, dtype) ->` what stands in the result for a tensor.

        Called for each layer or op of a symbolic model. Variables are read through a
        `MetaFrame` meanwhile, and what is assigned to them is dropped.
        """

    def runs_eagerly(self, x: Tensor, /) -> bool:
        """Whether operations on `x` run now, one by one: it is not traced."""

    def compile(self, fn: Function, /) -> Function:
        """`fn` compiled for each set of shapes it meets.

        The variables that it reads and writes are found by the backend and stay live.
        The default is `fn` itself.
        """

    def compile_call(
        self, fn: Function, variables: Callable[[], Sequence[Variable]], /
    ) -> Function:
        """`fn` compiled, for calls from several threads at the same time.

        `variables()` gives those that it may read or write.
        """

    def compile_step(
        self,
        step: Function,
        train: bool,
        jit_compile: bool | str | None,
        variables: Callable[[], Sequence[Variable]] | None = None,
        /,
    ) -> Function:
        """A step of the trainer, compiled.

        Args:
            step: takes a batch (a nest of arrays and tensors) and returns a nest.
            train: whether it trains. A step that does not may run in several threads.
            jit_compile: as in `Model.compile`; False asks for none.
            variables: gives the variables that it may read or write; None if code of
                the user runs in it, so that it may do anything.

        The result may have `prepare(batch)`, which is called when a batch of another
        shape is expected, to start its compilation early. It may have `explain()`,
        which says in words how it runs, for `model.engine.explain()`; `{code}` in that
        text stands for the objects whose code is not repeatable. What `compile_call`
        returns may have it too.
        """

    def compile_loop(
        self, compiled: Function, jit_compile: bool | str | None, collect: bool
    ) -> Function | None:
        """Many steps in one dispatch, or None (the default).

        Args:
            compiled: what `compile_step` returned.
            jit_compile: as in `Model.compile`.
            collect: whether the results of all steps are returned, stacked; else those
                of the last one.

        Returns:
            `(stack, count) -> results`. The arrays in `stack` have an axis more, the
            first; the step runs on each of the first `count` items along it.
        """

    def is_recording(self) -> bool:
        """Whether calls are being recorded, to be repeated for other values."""

    def opaque(self, fn: Function, /) -> Function:
        """`fn`, which reads numbers on the host: run again where calls are repeated."""

    # Gradients

    def value_and_grad(
        self,
        fn: Function,
        variables: Sequence[Variable] | None,
        argnums: int | Sequence[int],
        has_aux: bool,
        /,
    ) -> Function:
        """A function that gives the value of `fn` and the gradients of it.

        Args:
            fn: gives a scalar, or `(scalar, aux)` with `has_aux`. It may assign to
                variables.
            variables: gradients are taken for these, as a list in their order...
            argnums: ...or, if that is None, for these arguments, nests of tensors.
            has_aux: whether `fn` also returns what is not differentiated.

        A gradient is None or zeros where the value does not depend on the variable.
        Calls nest, for higher derivatives.
        """

    def stop_gradient(self, x: Tensor, /) -> Tensor:
        """The same value, which gradients take as a constant."""

    def custom_gradient(self, fn: Function, /) -> Function:
        """`fn(*args) -> (output, grad_fn)` as a function that gives the output.

        Its gradient is what `grad_fn(*cotangents)` returns, one for each argument.
        """

    def remat(self, fn: Function, /) -> Function:
        """`fn`, computed again in the backward pass instead of kept for it."""

    def no_gradients(self) -> AbstractContextManager[Any]:
        """A context in which nothing is kept for gradients."""

    def without_gradients(self, fn: Function, /) -> Function:
        """`fn`, run in such a context."""

    # Control flow; functions given here may assign to variables

    def cond(self, pred: Any, true_fn: Function, false_fn: Function, /) -> Nest:
        """`true_fn()` or `false_fn()`; only one is run if `pred` has a value."""

    def while_loop(
        self,
        cond: Function,
        body: Function,
        loop_vars: Nest,
        maximum_iterations: int | None,
        /,
    ) -> Nest:
        """`loop_vars` after `body(*loop_vars)` was repeated while `cond(*loop_vars)`.

        `loop_vars` is a list, a tuple or a single tensor, and the result is alike.
        """

    def scan(
        self,
        f: Callable[[Nest, Nest], tuple[Nest, Nest]],
        init: Nest,
        xs: Nest,
        length: int | None,
        reverse: bool,
        unroll: int | bool,
        /,
    ) -> tuple[Nest, Nest]:
        """`carry, y = f(carry, x)` for each item of `xs` along the first axis.

        Returns the last carry and the stacked `y`s. `xs` may be None; then `length` is
        the number of steps, and `x` None. `y` may be None too.
        """

    def vectorized_map(self, function: Function, elements: Nest, /) -> Nest:
        """`function` of each item along the first axis of `elements`, stacked."""

    # Devices, named "cpu:0", "gpu:1"

    def device_scope(self, name: str, /) -> AbstractContextManager[Any]:
        """A context in which tensors are made on that device."""

    def list_devices(self, kind: str | None = None, /) -> list[str]:
        """The names of all devices, or of those of a kind: "cpu", "gpu", "tpu"."""

    # Optimizers

    def number(self, x: Tensor, /) -> Any:
        """A scalar as a Python number, where the host knows it, else `x` itself.

        Called for the hyperparameters and the step of an optimizer.
        """

    def fused_update(self, name: str, /) -> Function | None:
        """A kernel that changes many weights at once, in place, or None (the default).

        Names and signatures are those in `keras/backend/torch/optimizers.py`.
        """

    # Profiles

    def profile(self, folder: str, /) -> AbstractContextManager[Any]:
        """A context whose run is recorded by the framework's profiler.

        Its files are in `<folder>/plugins/profile/<time>/`, where TensorBoard's profile
        plugin looks for them. The default is Python's profiler.
        """

    # The framework's modules

    def module_attribute(self, layer: Any, name: str, /) -> Any:
        """What the framework's own modules have and a layer has not, for a layer.

        Called for a public attribute that a layer lacks, so that the framework's tools
        work on layers (`layer.parameters()` on PyTorch). AttributeError, the default,
        where there is none.
        """

    def framework_module(self, layer: Any, /) -> Any:
        """A built layer as the framework's own module over the same weights.

        None, the default, where the framework has no modules.
        """


def members(protocol: type) -> list[str]:
    """The names that a protocol asks for, in the order in which it lists them."""
    found = [*protocol.__annotations__, *vars(protocol)]
    return [name for name in dict.fromkeys(found) if not name.startswith("_")]


if TYPE_CHECKING:
    # mypy checks the built-in backends here.
    from keras.backend import jax, numpy, tensorflow, torch

    _jax: Backend = jax
    _jax_random: RandomBackend = jax.random
    _jax_sparse: SparseBackend = jax.sparse
    _torch: Backend = torch
    _torch_random: RandomBackend = torch.random
    _torch_sparse: SparseBackend = torch.sparse
    _tensorflow: Backend = tensorflow
    _tensorflow_random: RandomBackend = tensorflow.random
    _tensorflow_sparse: SparseBackend = tensorflow.sparse
    _numpy: Backend = numpy
    _numpy_random: RandomBackend = numpy.random
    _tensorflow_text: TextBackend = tensorflow.text
    _numpy_text: TextBackend = numpy.text
    _numpy_sparse: SparseBackend = numpy.sparse
