"""The TensorFlow backend; its names are those of `contract.py`."""

import keras.backend.tensorflow.start  # before anything imports TensorFlow
from keras.backend.defaults import (
    FUSED_RNN,
    HAS_GRADIENTS,
    LOOPS_HAVE_A_SIZE,
    STORED_ONLY,
    framework_module,
    is_recording,
    module_attribute,
    no_gradients,
    opaque,
    projects_sequences,
    without_gradients,
)
from keras.backend.tensorflow import (
    image,
    linalg,
    math,
    nn,
    numpy,
    random,
    sparse,
    text,
)
from keras.backend.tensorflow.control import (
    cond,
    runs_eagerly,
    scan,
    vectorized_map,
    while_loop,
)
from keras.backend.tensorflow.optimizers import fused_update, number
from keras.backend.tensorflow.profiler import profile
from keras.backend.tensorflow.step import (
    compile,
    compile_call,
    compile_loop,
    compile_step,
    custom_gradient,
    eval_shape,
    remat,
    value_and_grad,
)
from keras.backend.tensorflow.tensor import (
    NATIVE,
    assign,
    block,
    cast,
    convert_to_numpy,
    convert_to_tensor,
    device_scope,
    dtype_name,
    dtype_of,
    is_tensor,
    list_devices,
    make_variable,
    name,
    outside_trace,
    set_trainable,
    shape_of,
    stop_gradient,
)

TABLE = {**numpy.TABLE, **math.TABLE, **linalg.TABLE, **nn.TABLE, **image.TABLE}
WEAK = numpy.WEAK
