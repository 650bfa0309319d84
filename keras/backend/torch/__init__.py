"""The PyTorch backend; its names are those of `contract.py`."""

from keras.backend.defaults import HAS_GRADIENTS, projects_sequences, text
from keras.backend.torch import image, linalg, math, nn, numpy, random, sparse
from keras.backend.torch.capture import is_recording, opaque
from keras.backend.torch.control import (
    cond,
    runs_eagerly,
    scan,
    vectorized_map,
    while_loop,
)
from keras.backend.torch.module import framework_module, module_attribute
from keras.backend.torch.optimizers import fused_update, number
from keras.backend.torch.profiler import profile
from keras.backend.torch.recurrent import FUSED_RNN
from keras.backend.torch.step import (
    compile,
    compile_call,
    compile_loop,
    compile_step,
    custom_gradient,
    eval_shape,
    no_gradients,
    remat,
    value_and_grad,
    without_gradients,
)
from keras.backend.torch.tensor import (
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
LOOPS_HAVE_A_SIZE = False
STORED_ONLY = frozenset(("uint16", "uint32", "uint64"))
WEAK = numpy.WEAK
