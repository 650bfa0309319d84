"""Every backend has what the contract says, and nothing that no op asks for."""

from keras import ops, random  # noqa: F401  (their import registers the ops)
from keras.backend import contract
from keras.core.op import KERNELS, OPS
from keras.core.scope import current


def test_functions_and_values(backend):
    for protocol, module in (
        (contract.Backend, current()),
        (contract.RandomBackend, current().random),
        (contract.SparseBackend, current().sparse),
    ):
        names = contract.members(protocol)
        assert not [name for name in names if not hasattr(module, name)]


def test_every_primitive_is_in_the_table(backend):
    wanted = {name for name, spec in OPS.items() if spec.primitive} | KERNELS
    assert not wanted - set(current().TABLE)


def test_every_entry_is_an_op(backend):
    assert not set(current().TABLE) - set(OPS) - KERNELS


def test_scalars_are_taken_by_ops_that_cast(backend):
    weak = current().WEAK
    assert not [name for name in weak if name not in OPS or OPS[name].cast is None]
