"""The JAX backend; its names are those of `contract.py`."""

from keras.backend.defaults import (
    FUSED_RNN,
    HAS_GRADIENTS,
    LOOPS_HAVE_A_SIZE,
    STORED_ONLY,
    dtype_name,
    dtype_of,
    framework_module,
    is_recording,
    module_attribute,
    no_gradients,
    opaque,
    shape_of,
    text,
    without_gradients,
)
from keras.backend.jax import image, linalg, math, nn, numpy, random, sparse
from keras.backend.jax.control import (
    cond,
    runs_eagerly,
    scan,
    vectorized_map,
    while_loop,
)
from keras.backend.jax.cpu import projects_sequences
from keras.backend.jax.profiler import profile
from keras.backend.jax.step import (
    compile,
    compile_call,
    compile_loop,
    compile_step,
    custom_gradient,
    eval_shape,
    fused_update,
    number,
    remat,
    value_and_grad,
)
from keras.backend.jax.tensor import (
    NATIVE,
    assign,
    block,
    cast,
    convert_to_numpy,
    convert_to_tensor,
    device_scope,
    is_tensor,
    list_devices,
    make_variable,
    name,
    outside_trace,
    set_trainable,
    stop_gradient,
)

TABLE = {**numpy.TABLE, **math.TABLE, **linalg.TABLE, **nn.TABLE, **image.TABLE}
WEAK = numpy.WEAK
