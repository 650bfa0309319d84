"""The rules of the house: who may import whom."""

import ast
import pathlib

import keras

ROOT = pathlib.Path(keras.__file__).parent
FRAMEWORKS = ("jax", "jaxlib", "torch", "tensorflow")

# A package imports only from those before it (and from itself). An import inside a
# function is late: it resolves names at run time and is free.
ORDER = (
    "version",
    "core",
    "config",
    "backend",
    "tree",
    "ops",
    "random",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "dtype_policies",
    "quantizers",
    "losses",
    "metrics",
    "optimizers",
    "layers",
    "saving",
    "utils",
    "callbacks",
    "training",
    "models",
    "datasets",
    "preprocessing",
)
# Packages whose top is a public face over later ones.
FACES = {"config": ("dtype_policies", "utils"), "backend": ("utils",)}


def _package(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _top_level_imports(path: pathlib.Path) -> list[str]:
    """The modules imported when the file is, leaving out `if TYPE_CHECKING`."""
    found = []
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "keras":
                found += [f"keras.{alias.name}" for alias in node.names]
            else:
                found.append(node.module)
    return found


def _files() -> list[pathlib.Path]:
    return sorted(ROOT.rglob("*.py"))


def test_imports_go_one_way():
    wrong = []
    for path in _files():
        relative = path.relative_to(ROOT)
        here = relative.parts[0].removesuffix(".py")
        if here == "__init__":
            continue
        assert here in ORDER, f"{here} has no place in the order of packages"
        for module in _top_level_imports(path):
            if not module.startswith("keras."):
                continue
            there = _package(module)
            if ORDER.index(there) > ORDER.index(here):
                if path.name == "__init__.py" and there in FACES.get(here, ()):
                    continue
                wrong.append(f"{relative} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_frameworks_are_imported_only_by_their_backend():
    wrong = []
    for path in _files():
        relative = path.relative_to(ROOT)
        mine = relative.parts[1] if relative.parts[0] == "backend" else None
        for module in _top_level_imports(path):
            root = module.partition(".")[0]
            if root in FRAMEWORKS and root.removesuffix("lib") != mine:
                wrong.append(f"{relative} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_no_file_is_a_drawer():
    long = {
        str(path.relative_to(ROOT)): count
        for path in _files()
        if (count := len(path.read_text().splitlines())) > 700
    }
    assert not long
