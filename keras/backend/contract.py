"""What a backend is: the names every `keras.backend.<name>` module has.

A backend is a module, used as a value. Beside the functions here it has `TABLE`, from
the name of an op to the framework's own function: every primitive op must be in it,
and a composite op may be, where the framework has a faster or more exact one.

Tensors below are the framework's own; dtypes are given by name ("float32").
"""

from __future__ import annotations

FUNCTIONS: dict[str, str] = {
    # Tensors
    "is_tensor": "(x) -> bool: is it this framework's tensor (also while traced)?",
    "convert_to_tensor": "(x, dtype=None) -> tensor; foreign tensors are refused",
    "convert_to_numpy": "(x) -> np.ndarray on the host, gradients cut",
    "cast": "(tensor, dtype) -> tensor",
    "dtype_of": "(tensor) -> name of its dtype",
    "shape_of": "(tensor) -> sizes: ints, scalar tensors where a graph knows none",
    "dtype_name": "(framework dtype) -> name, fast",
    # Variables
    "make_variable": "(tensor, trainable, name) -> what Variable keeps",
    "assign": "(kept, tensor) -> kept: put a new value in place where possible",
    "set_trainable": "(kept, bool): tell the framework",
    "outside_trace": "() -> context: values made inside are concrete",
    # Optimizers
    "number": "(scalar) -> its number where the host knows it, else a tensor",
    "fused_update": "(name) -> function changing all weights at once, or None",
    "is_recording": "() -> bool: are calls written down, to be repeated?",
    "opaque": "(fn) -> fn, run anew where calls written down are repeated",
    # Evaluation
    "eval_shape": "(fn(list of tensors), [(shape, dtype)], Spec) -> nest of Spec",
    "compile": "(fn) -> fn compiled; variables it reads and writes stay live",
    "compile_call": "(fn, variables) -> fn compiled, for calls from anywhere",
    "compile_step": "(step, train, jit_compile, variables) -> a step, compiled; "
    "`variables` gives those it may use if only code of ours runs in it, else None",
    "compile_loop": "(compiled step, jit_compile, collect) -> (stack, count) -> the "
    "last results, or if asked to collect them, all of them stacked",
    "no_gradients": "() -> context in which nothing is kept for gradients",
    "without_gradients": "(fn) -> fn run so",
    "value_and_grad": "(fn, variables, argnums, has_aux) -> fn giving value, gradients",
    "stop_gradient": "(tensor) -> the same value, a constant to gradients",
    "remat": "(fn) -> fn whose backward pass computes it again",
    "custom_gradient": "(fn) -> fn whose gradient is the function it returns",
    "runs_eagerly": "(tensor) -> bool: ops on it run one by one, now",
    "block": "(nest): wait until it is computed",
    # Control flow
    "cond": "(pred, true_fn, false_fn)",
    "while_loop": "(cond, body, loop_vars, maximum_iterations)",
    "scan": "(f, init, xs, length, reverse, unroll) -> carry, ys",
    "vectorized_map": "(fn, elements)",
    # Devices
    "device_scope": "(name) -> context",
    "list_devices": "(kind) -> names",
    # Randomness: (shape, dtype, seed) with a seed as SeedGenerator.next gives it
    "random_uniform": "(shape, dtype, seed) -> in [0, 1)",
    "random_normal": "(shape, dtype, seed) -> standard normal",
    "seed_framework": "(int): seed the framework's own generator",
}

VALUES: dict[str, str] = {
    "name": "the backend's name",
    "NATIVE": "the set of classes that are tensors; it grows as classes are met",
    "TABLE": "op name -> function",
    "LOOPS_HAVE_A_SIZE": "bool: is a loop compiled for the size of its stacks?",
    "FUSED_RNN": "simple_rnn, lstm, gru (where there is a kernel for sequences) -> (x, "
    "states, (kernel, recurrent_kernel, bias), mask, zero_output) -> last, outputs, "
    "states",
}
