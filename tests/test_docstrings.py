"""Every example in a docstring runs as written and gives what it shows."""

import inspect
import shutil

import numpy as np
import pytest
from docstring_examples import (
    docstrings,
    namespace,
    page_examples,
    pages,
    public_objects,
    run,
)
from stored_datasets import write_stored

import keras
from keras.core.scope import current
from keras.core.settings import settings

# What an example needs that a test cannot give it.
NOT_RUN = {
    "core/backends.py::register": "needs a backend that is a package of its own",
    "callbacks/loggers.py::RemoteMonitor": "needs a server",
    "utils/file_utils.py::get_file": "downloads a file",
}
# What is shown belongs to the default backend, or only one backend has it.
ONE_BACKEND = {
    "core/scope.py::backend": "jax",
    "layers/native/torch.py::TorchModuleWrapper": "torch",
    "layers/native/jax.py::JaxLayer": "jax",
    "layers/native/jax.py::FlaxLayer": "jax",
    "layers/native/tensorflow.py::TFSMLayer": "tensorflow",
    "utils/native.py::torch_module": "torch",
}
if shutil.which("dot") is None:
    NOT_RUN["utils/plot.py::plot_model"] = "needs Graphviz's program `dot`"
EXAMPLES = docstrings()
# An example with one of these needs gradients.
TRAINS = (".fit(", "value_and_grad", ".jvp(", "compare_backends")


@pytest.fixture
def fresh_place(tmp_path, monkeypatch):
    """A new folder, names counted from the beginning; settings are put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "interactive_logging", True)
    keras.utils.clear_session(free_memory=False)
    policy = keras.config.dtype_policy()
    np.random.seed(0)
    yield
    keras.config.set_dtype_policy(policy)


@pytest.fixture
def stored_files(tmp_path, monkeypatch):
    """Data sets are small files, written where they would be downloaded."""
    from keras.datasets import cifar, fashion_mnist, stored

    def fetch(name, fname=None, **options):
        return str(write_stored(name, tmp_path))

    for module in (stored, cifar, fashion_mnist):
        monkeypatch.setattr(module, "fetch", fetch)
    monkeypatch.setattr(fashion_mnist, "_INSTALLED", str(tmp_path / "nowhere"))


def test_every_public_object_says_what_it_does():
    objects = public_objects()
    assert len(objects) > 600
    silent = [name for name, x in objects.items() if len(inspect.getdoc(x) or "") < 5]
    assert not silent


def test_every_example_of_a_public_object_is_found():
    """Docstrings made at run time would escape a reader of the files."""
    texts = {inspect.cleandoc(example.text) for example in EXAMPLES}
    escaped = [
        name
        for name, x in public_objects().items()
        if ">>>" in (x.__doc__ or "") and inspect.cleandoc(x.__doc__) not in texts
    ]
    assert not escaped
    assert len(EXAMPLES) > 300


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_example(example, backend, fresh_place, stored_files):
    if str(example) in NOT_RUN:
        pytest.skip(NOT_RUN[str(example)])
    if ONE_BACKEND.get(str(example), backend) != backend:
        pytest.skip(f"the example is for {ONE_BACKEND[str(example)]}")
    if not current().HAS_GRADIENTS and any(word in example.text for word in TRAINS):
        pytest.skip("the backend has no gradients")
    run(example.text, namespace(example))


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.name)
def test_page(page, fresh_place):
    run(page_examples(page), {"keras": keras, "np": np, "__name__": "__main__"})
