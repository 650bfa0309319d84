"""The NumPy backend; its names are those of `contract.py`.

It computes no gradients: it is for running and evaluating models, and for preparing
data, where no framework is installed or none should be imported.
"""

from keras.backend import no_sparse as sparse
from keras.backend.defaults import (
    FUSED_RNN,
    STORED_ONLY,
    block,
    compile,
    compile_call,
    compile_loop,
    compile_step,
    dtype_name,
    dtype_of,
    framework_module,
    fused_update,
    is_recording,
    module_attribute,
    no_gradients,
    number,
    opaque,
    profile,
    projects_sequences,
    set_trainable,
    shape_of,
    without_gradients,
)
from keras.backend.no_gradients import (
    HAS_GRADIENTS,
    custom_gradient,
    remat,
    stop_gradient,
    value_and_grad,
)
from keras.backend.numpy import image, linalg, math, nn, numpy, random, text
from keras.backend.numpy.control import (
    cond,
    runs_eagerly,
    scan,
    vectorized_map,
    while_loop,
)
from keras.backend.numpy.shapes import eval_shape, table_of
from keras.backend.numpy.tensor import (
    NATIVE,
    assign,
    cast,
    convert_to_numpy,
    convert_to_tensor,
    device_scope,
    is_tensor,
    list_devices,
    make_variable,
    name,
    outside_trace,
)

LOOPS_HAVE_A_SIZE = False
TABLE = table_of(
    {**numpy.TABLE, **math.TABLE, **linalg.TABLE, **nn.TABLE, **image.TABLE}
)
WEAK = numpy.WEAK
