"""Packages that are executed when something in them is asked for, not when they are imported.

PyMARE's package file loads converters that need SymPy, and its modules load `scipy.stats`:
together half of what a build would spend on loading, for functions that it never calls.
"""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


def defer(name: str) -> None:
    """Let a package be imported without being executed; the first use of a name in it does that.

    Its modules can be imported by themselves meanwhile. A package that is loaded stays as it is.

    Raises
    ------
    ModuleNotFoundError
        When there is no such package.
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    module = importlib.util.module_from_spec(spec)
    vars(module)["__getattr__"] = _loader(module)
    sys.modules[name] = module


def _loader(module: ModuleType) -> Any:
    def load(attribute: str) -> Any:
        vars(module).pop("__getattr__", None)  # from now on what is missing is missing
        spec = module.__spec__
        assert spec and spec.loader
        spec.loader.exec_module(module)
        return getattr(module, attribute)

    return load


def stand_in(name: str, function: str) -> None:
    """Let a module that offers one function or class be imported by those who may never call it.

    The first call imports the module and is passed on. A module that is loaded stays as it is.
    """
    if name not in sys.modules:
        module = ModuleType(name)
        vars(module)[function] = _caller(name, function)
        sys.modules[name] = module


def _caller(name: str, function: str) -> Any:
    def call(*args: Any, **options: Any) -> Any:
        del sys.modules[name]
        return getattr(importlib.import_module(name), function)(*args, **options)

    return call
