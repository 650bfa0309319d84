"""The rules of the house: who may import whom."""

import ast
import pathlib

import keras
from keras.core.backends import builtin_names

ROOT = pathlib.Path(keras.__file__).parent
FRAMEWORKS = ("jax", "jaxlib", "torch", "tensorflow")

# A package imports only from those before it (and from itself), inside functions too.
# What must be found upward by name is registered by the package that owns it.
ORDER = (
    "release",
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
    "mixed_precision",
    "layers",
    "saving",
    "data",
    "utils",
    "callbacks",
    "training",
    "models",
    "applications",
    "distillation",
    "datasets",
    "legacy",
    "preprocessing",
    "visualization",
    "wrappers",
    "testing",
    "src",
    "_tf_keras",
)
# Imports upward that remain, each with its reason.
EXCEPTIONS = {
    # Keras publishes the policy's functions in a namespace that comes early in the
    # order. Nothing inside the package imports them from there.
    "config/__init__.py": "keras.dtype_policies.policy",
    # An op that draws, which Keras publishes among the other ops on images.
    "ops/elastic.py": "keras.random",
    # `adapt` reads what `fit` reads, by the same code, when it is called.
    "layers/preprocessing/adapted.py": "keras.training.data.adapting",
}


def _package(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _imports(path: pathlib.Path, everywhere: bool = True) -> list[str]:
    """The modules that a file imports, in functions too; `from keras import x` as x.

    Left out are imports for annotations alone (`if TYPE_CHECKING`).
    """
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []

    found = []
    for node in ast.walk(tree) if everywhere else tree.body:
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
        if here == "__init__":  # the top: it imports each name when it is first used
            continue
        assert here in ORDER, f"{here} has no place in the order of packages"
        for module in _imports(path):
            if not module.startswith("keras."):
                continue
            if ORDER.index(_package(module)) <= ORDER.index(here):
                continue
            if EXCEPTIONS.get(relative.as_posix()) != module:
                wrong.append(f"{relative} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_exceptions_are_still_needed():
    for place, module in EXCEPTIONS.items():
        assert module in _imports(ROOT / place), f"{place} no longer imports {module}"


def _framework(relative: pathlib.Path) -> str | None:
    """The framework that a file is written for: in backend/ and layers/native/."""
    first, *rest = relative.with_suffix("").parts
    if first == "backend":
        return rest[0]
    return rest[1] if first == "layers" and rest[0] == "native" else None


def test_frameworks_are_imported_only_where_they_belong():
    wrong = []
    for path in _files():
        relative = path.relative_to(ROOT)
        for module in _imports(path):
            root = module.partition(".")[0]
            if root in FRAMEWORKS and root.removesuffix("lib") != _framework(relative):
                wrong.append(f"{relative} imports {module}")
    assert not wrong, "\n".join(wrong)


def _compares_a_name(node: ast.AST) -> bool:
    """Whether the code asks `something.name == "torch"`, or `in (..., "torch")`."""
    if not isinstance(node, ast.Compare):
        return False
    parts = [node.left, *node.comparators]
    values = {
        n.value for p in parts for n in ast.walk(p) if isinstance(n, ast.Constant)
    }
    names = [p for p in parts if isinstance(p, ast.Attribute) and p.attr == "name"]
    calls = [p for p in parts if ast.unparse(p).endswith("backend()")]
    return bool((names or calls) and values.intersection(builtin_names()))


def test_nobody_outside_asks_for_the_name_of_a_backend():
    for text in ("x.name == 'torch'", "b.name not in ('jax', 'numpy')"):
        assert _compares_a_name(ast.parse(text, mode="eval").body)

    wrong = []
    for path in _files():
        relative = path.relative_to(ROOT)
        if relative.parts[0] == "backend":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if _compares_a_name(node):
                wrong.append(f"{relative}:{node.lineno}: {ast.unparse(node)}")
    assert not wrong, "\n".join(wrong)


def test_no_file_is_a_drawer():
    long = {
        str(path.relative_to(ROOT)): count
        for path in _files()
        if (count := len(path.read_text().splitlines())) > 700
    }
    assert not long
