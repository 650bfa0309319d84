"""A layer as PyTorch sees it: an nn.Module over the same parameters."""

from __future__ import annotations

import functools
import inspect
import operator
import types
from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from keras.backend.torch.tensor import DTYPES, dtype_of
from keras.core.derived import Derived
from keras.core.inspection import touch
from keras.core.state_paths import named_entries
from keras.core.variable import StatelessFrame, Variable, frame

_OWN = {"T_destination", "call_super_init", "dump_patches"}
_PUBLIC = {n for n in dir(torch.nn.Module) if not n.startswith("_")} - _OWN


def module_attribute(layer: Any, name: str) -> Any:
    """What an nn.Module has beside a layer, such as `parameters`, for the layer.

    Methods that give the module itself back give the layer.
    """
    if name == "training":
        return layer.built and framework_module(layer).training
    if name not in _PUBLIC:
        raise AttributeError(name)

    @functools.wraps(getattr(torch.nn.Module, name))
    def method(*args: Any, **kwargs: Any) -> Any:
        module = framework_module(layer)
        found = getattr(module, name)(*args, **kwargs)
        return layer if found is module else found

    return method


def framework_module(layer: Any) -> LayerModule:
    """The module of a built layer; see `keras.utils.torch_module`."""
    if not layer.built:
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r} has no parameters for PyTorch yet: "
            "call it on data, or call build(input_shape), first."
        )
    root = _module_of(layer)
    parts = [*layer._flatten_layers(), *layer.variables]
    if len(parts) == len(root._parts) and all(map(operator.is_, parts, root._parts)):
        return root
    root._parts = parts
    modules: dict[str, torch.nn.Module] = {"": root}
    for entry in named_entries(layer):
        module = modules[entry.path] = _module_of(entry.owner)
        module._take(entry.values)
        if entry.path:
            above = _parent(modules, entry.path)
            above._modules[entry.path.rpartition(".")[2]] = module
    root._lift(layer.variables)
    return root


def _module_of(owner: Any) -> LayerModule:
    found = owner.__dict__.get("_torch_module")
    if found is None:
        found = owner.__dict__["_torch_module"] = LayerModule(owner)
    return found


def _parent(modules: dict[str, torch.nn.Module], path: str) -> torch.nn.Module:
    """The module above a path; a list or dict between two layers becomes one."""
    above, _, _ = path.rpartition(".")
    if above not in modules:
        modules[above] = torch.nn.Module()
        name = above.rpartition(".")[2]
        _parent(modules, above)._modules[name] = modules[above]
    return modules[above]


class LayerModule(torch.nn.Module):
    """A layer as a module, with the modules of the layers below it.

    The parameters are those of the layer, not copies: whoever changes them changes
    both. Names are those of the weights in a `.safetensors` file.
    """

    layer: Any
    _variables: list[Variable]
    _traced: Callable
    _form: Any

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.__dict__["layer"] = layer
        self._own: dict[str, Variable] = {}
        self._parts: list[Any] = []
        self._takes_training = "training" in inspect.signature(layer.call).parameters

    def _take(self, values: dict[str, Any]) -> None:
        """Show the layer's own weights, and forget what was below it."""
        self._own = {}
        for key, value in values.items():
            if isinstance(value, Variable):
                self._own[key] = value
            elif isinstance(value, Derived):
                self._own.update({v.name: v for v in value.variables})
        kinds: tuple[dict, dict] = {}, {}
        for name, variable in self._own.items():
            # In order, as PyTorch's own are: some of its tools ask for a view(-1).
            variable._value.data = variable._value.data.contiguous()
            kinds[not variable.made_trainable][name] = variable._value
        self._parameters, self._buffers = kinds
        self._modules = {}
        native = getattr(self.layer, "module", None)  # of a TorchModuleWrapper
        if isinstance(native, torch.nn.Module):
            self._own, self._parameters = {}, {}
            self._modules["module"] = native

    def _lift(self, variables: list[Variable]) -> None:
        """Prepare for torch.compile, which does not follow Python as ours is.

        It gets one function of tensors, to be traced as a whole below Python.
        """

        def traced(values: list[torch.Tensor], *args: Any, **kwargs: Any) -> Any:
            with frame(_InPlace, {id(v): x for v, x in zip(variables, values)}):
                leaves, form = pytree.tree_flatten(self.layer(*args, **kwargs))
            self.__dict__["_form"] = form  # a graph gives back a flat list only
            return leaves

        self.__dict__["_variables"] = variables
        self.__dict__["_traced"] = torch.compiler.allow_in_graph(traced)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the layer, in the mode that `train()` or `eval()` set."""
        if self._takes_training and kwargs.get("training") is None:
            kwargs["training"] = self.training
        if torch.compiler.is_compiling():
            values = [v._value for v in self._variables]
            leaves = self._traced(values, *args, **kwargs)
            return pytree.tree_unflatten(leaves, self._form)
        return self.layer(*args, **kwargs)

    def _apply(self, fn: Callable, recurse: bool = True) -> Any:
        """Move or convert the tensors; the layer's variables follow."""
        super()._apply(fn, recurse)
        self._adopt()
        policy = getattr(self.layer, "dtype_policy", None)
        if policy is None:
            return self
        old = torch.empty(0, dtype=DTYPES[policy.variable_dtype])
        new = dtype_of(fn(old))
        if new != policy.variable_dtype:
            self.layer.dtype_policy = type(policy)(new)
        return self

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._adopt()  # with `assign=True` the parameters are others now

    def _adopt(self) -> None:
        for name, variable in self._own.items():
            kept: Any = {**self._parameters, **self._buffers}[name]
            if not isinstance(kept, torch.nn.Parameter):
                kept = torch.nn.Parameter(kept, requires_grad=False)
            variable._value, variable.dtype = kept, dtype_of(kept)
        self.layer._compiled = None

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Thaw or freeze the layer and those below it."""
        self.layer.trainable = requires_grad
        return self

    def extra_repr(self) -> str:
        """The layer's name."""
        return self.layer.name


def _on_body(name: str) -> Callable:
    """A hook that runs wherever the layer is called, also inside a Keras model."""

    @functools.wraps(getattr(torch.nn.Module, name))
    def register(self: LayerModule, hook: Callable, **options: Any) -> Any:
        body = self.layer.__dict__.get("call")
        if not isinstance(body, _Body):
            body = self.layer.__dict__["call"] = _Body(self.layer)
            touch(self.layer)
        return getattr(body, name)(lambda _, *rest: hook(self, *rest), **options)

    return register


for _pass in ("forward", "forward_pre", "full_backward", "full_backward_pre"):
    _name = f"register_{_pass}_hook"
    setattr(LayerModule, _name, _on_body(_name))


class _Body(torch.nn.Module):
    """The `call` of a layer with hooks, in the method's place on the layer."""

    layer: Any

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.__dict__["layer"] = layer

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return type(self.layer).call(self.layer, *args, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A copy of the layer, perhaps on another backend, has no hooks."""
        new = memo[id(self.layer)]
        return types.MethodType(type(new).call, new)


class _InPlace(StatelessFrame):
    """Reads and writes tensors given in the place of the variables' own."""

    def write(self, variable: Variable, value: Any) -> None:
        with torch.no_grad():
            self.values[id(variable)].copy_(value)
