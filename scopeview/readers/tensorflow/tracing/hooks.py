"""Where TensorFlow is watched: the one module that knows its inner names. Tested with TensorFlow 2.21.

There is no public hook for scopes. A custom getter does not see what the variable store decides, and
`variable_creator_scope` belongs to one graph, which the user makes. Every hook calls the original.

Overhead: each event walks the Python stack once (some microseconds). Ops are not watched.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from scopeview.model.trace import Action, Reuse, VariableRequest
from scopeview.readers.tensorflow.tracing.frames import (
    is_called_by_user,
    is_users,
    note_origins,
    shown_file,
    user_frames,
)
from scopeview.readers.tensorflow.tracing.recorder import Entered, Recorder

Original = Callable[..., Any]
Factory = Callable[[Recorder, Original], Callable[..., Any]]


@contextmanager
def watching(recorder: Recorder) -> Iterator[None]:
    """Record into `recorder` what TensorFlow is asked to build while the block runs."""
    undo: list[tuple[Any, str, Any]] = []
    try:
        for module, owner, name, factory in _HOOKS:
            found = importlib.import_module(f"tensorflow.python.{module}")
            holder = getattr(found, owner) if owner else found
            original = getattr(holder, name)
            undo.append((holder, name, original))
            setattr(holder, name, functools.wraps(original)(factory(recorder, original)))
        yield
    finally:
        for holder, name, original in reversed(undo):
            setattr(holder, name, original)


def _make_variable_scope(_recorder: Recorder, original: Original) -> Callable[..., Any]:
    signature = inspect.signature(original)

    def made(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        asked = signature.bind(self, *arguments, **options).arguments.get("reuse")
        self._asked_for_reuse = None if asked is None else _reuse(asked)  # TensorFlow forgets a False

    return made


def _enter_variable_scope(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def entered(self: Any) -> Any:
        scope = original(self)
        given = self._name_or_scope
        by_object = hasattr(given, "original_name_scope")
        recorder.enter(
            Entered(
                kind="variable_scope",
                name=given.name if by_object else str(given or self._default_name or ""),
                scope=scope.name,
                name_scope=_ops().get_name_scope(),
                entered_by="scope object" if by_object else "name" if given is not None else "default name",
                reuse_asked=self.__dict__.get("_asked_for_reuse"),
                reuse=_reuse(scope.reuse),
                auxiliary_name_scope=self._auxiliary_name_scope,
                settings=_settings(self),
            ),
            _ops().get_default_graph(),
            user_frames(),
            scope_object=scope,
            passed_in=given if by_object else None,
        )
        return scope

    return entered


def _enter_name_scope(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def entered(self: Any) -> Any:
        result = original(self)
        around = importlib.import_module("tensorflow.python.ops.variable_scope").get_variable_scope()
        recorder.enter(
            Entered(
                kind="name_scope",
                name=str(self.name or ""),
                scope=around.name,
                name_scope=str(result or "").rstrip("/"),
                reuse=_reuse(around.reuse),
            ),
            _ops().get_default_graph(),
            user_frames(),
        )
        return result

    return entered


def _leave(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def left(self: Any, *arguments: Any) -> Any:
        recorder.leave()
        return original(self, *arguments)

    return left


def _reuse_variables(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def switched(self: Any) -> Any:
        recorder.switch_reuse(self, _ops().get_default_graph(), user_frames(), is_root=not self.name)
        return original(self)

    return switched


def _get_single_variable(recorder: Recorder, original: Original) -> Callable[..., Any]:
    """Watch what the store of `get_variable` decides: one variable, or one part of a partitioned one."""

    def got(self: Any, name: str, *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        flag, known = _reuse(options.get("reuse")), name in self._vars
        recorder.getting.append(name)
        try:
            variable = original(self, name, *arguments, **options)
        except ValueError as error:
            _note(recorder, name, "refused", flag, (options.get("shape"), options.get("dtype")), error)
            raise
        else:
            made = variable.name.rpartition(":")[0] or name.rstrip("/")
            _note(recorder, made, "reused" if known else "created", flag, (variable.shape, variable.dtype))
            return variable
        finally:
            recorder.getting.pop()

    return got


def _get_from_store(recorder: Recorder, original: Original) -> Callable[..., Any]:
    """Watch for what is refused before a single variable is asked for, such as another partitioner."""

    def got(self: Any, name: str, *arguments: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        before, flag = len(recorder.variables), _reuse(options.get("reuse"))
        recorder.getting.append(name)  # what is noted below is asked for by get_variable
        try:
            variable = original(self, name, *arguments, **options)
            if len(recorder.variables) == before:
                for part in _parts(variable):
                    _note(recorder, part.op.name, "reused", flag, (part.shape, part.dtype))
            return variable
        except ValueError as error:
            if not any(request.action == "refused" for request in recorder.variables[before:]):
                _note(recorder, name, "refused", flag, (options.get("shape"), options.get("dtype")), error)
            raise
        finally:
            recorder.getting.pop()

    return got


def _parts(variable: Any) -> list[Any]:
    """Return the parts of a partitioned variable; none of another, which the store asks for singly."""
    return list(variable) if type(variable).__name__ == "PartitionedVariable" else []


def _make_variable(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def made(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        if not recorder.getting:
            around = importlib.import_module("tensorflow.python.ops.variable_scope").get_variable_scope()
            name = self.name.rpartition(":")[0] or self.name
            flag: Reuse = "no" if _is_function_or_eager() else _reuse(around.reuse)  # flags are of TF 1's graphs
            _note(recorder, name, "created", flag, (self.shape, self.dtype))

    return made


def _is_function_or_eager() -> bool:
    ops = _ops()
    return bool(ops.executing_eagerly_outside_functions() or ops.get_default_graph().building_function)


def _note(
    recorder: Recorder, name: str, action: Action, reuse: Reuse, wanted: tuple[Any, Any], error: object = ""
) -> None:
    is_get = bool(recorder.getting)
    recorder.request(
        VariableRequest(
            number=0,
            graph=recorder.graph(_ops().get_default_graph()),
            variable=name,
            action=action,
            maker="get_variable" if is_get else "tf.Variable",
            scope=recorder.current,
            reuse=reuse,
            name_scope=recorder.name_scope if is_get else _ops().get_name_scope(),
            shape=_shape(wanted[0]),
            dtype=_dtype(wanted[1]),
            error=first_line(error),
            frames=user_frames(2),
        )
    )


def _add_to_collection(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def added(self: Any, name: Any, value: Any) -> Any:
        if isinstance(name, str) and is_called_by_user(past="framework/ops.py"):
            recorder.add_to_collection(self, name, str(getattr(value, "name", value))[:500], user_frames())
        return original(self, name, value)

    return added


def _make_saver(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def made(self: Any, *arguments: Any, **options: Any) -> None:
        recorder.made("saver", type(self).__name__, _ops().get_default_graph(), user_frames())
        original(self, *arguments, **options)

    return made


def _make_optimizer(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def made(self: Any, *arguments: Any, **options: Any) -> None:
        recorder.made("optimizer", type(self).__name__, _ops().get_default_graph(), user_frames())
        original(self, *arguments, **options)

    return made


def _trace_function(recorder: Recorder, original: Original) -> Callable[..., Any]:
    def traced(name: str, function: Any, args: Any, kwargs: Any, *more: Any, **options: Any) -> Any:
        caller = sys._getframe(1)
        if caller.f_code.co_filename.endswith("tracing_compilation.py"):  # no body of a loop or branch
            inner = _python_function(function)
            label = _function_name(name, inner)
            if label:
                made = getattr(caller.f_locals.get("tracing_options"), "function_cache", inner.function)
                recorder.traced(label, made, inner.owner, _arguments(args, kwargs), user_frames())
        return original(name, function, args, kwargs, *more, **options)

    return traced


def _map_sources(_recorder: Recorder, original: Original) -> Callable[..., Any]:
    """Watch AutoGraph: what it calls is code that it wrote."""

    def made(self: Any, converted: Any) -> None:
        note_origins(getattr(converted, "ag_source_map", {}))
        original(self, converted)

    return made


_HOOKS: tuple[tuple[str, str, str, Factory], ...] = (
    # module below tensorflow.python, class or nothing, attribute, what watches it
    ("ops.variable_scope", "variable_scope", "__init__", _make_variable_scope),
    ("ops.variable_scope", "variable_scope", "__enter__", _enter_variable_scope),
    ("ops.variable_scope", "variable_scope", "__exit__", _leave),
    ("ops.variable_scope", "VariableScope", "reuse_variables", _reuse_variables),
    ("ops.variable_scope", "_VariableStore", "get_variable", _get_from_store),
    ("ops.variable_scope", "_VariableStore", "_get_single_variable", _get_single_variable),
    ("framework.ops", "name_scope_v1", "__enter__", _enter_name_scope),
    ("framework.ops", "name_scope_v1", "__exit__", _leave),
    ("framework.ops", "name_scope_v2", "__enter__", _enter_name_scope),
    ("framework.ops", "name_scope_v2", "__exit__", _leave),
    ("framework.ops", "Graph", "add_to_collection", _add_to_collection),
    ("ops.ref_variable", "RefVariable", "__init__", _make_variable),
    ("ops.resource_variable_ops", "ResourceVariable", "__init__", _make_variable),
    ("eager.polymorphic_function.polymorphic_function", "UnliftedInitializerVariable", "__init__", _make_variable),
    ("training.saver", "Saver", "__init__", _make_saver),
    ("training.optimizer", "Optimizer", "__init__", _make_optimizer),
    ("framework.func_graph", "", "func_graph_from_py_func", _trace_function),
    ("autograph.impl.api", "StackTraceMapper", "__init__", _map_sources),
)


def first_line(error: object) -> str:
    """Return the first line of TensorFlow's message, without a stack before it or the announcement of one."""
    text = str(error)
    if text.startswith("in user code:"):  # AutoGraph: the stack, then at the same depth `ValueError: message`
        inner = re.search(r"^    \w+: (.*)", text, re.MULTILINE)
        text = inner[1] if inner is not None else text
    return text.split("\n", 1)[0].removesuffix(" Originally defined at:")


def _ops() -> Any:
    return importlib.import_module("tensorflow.python.framework.ops")


def _reuse(flag: Any) -> Reuse:
    if flag is True:
        return "yes"
    return "auto" if getattr(flag, "name", "") == "AUTO_REUSE" else "no"


def _settings(scope: Any) -> dict[str, str]:
    names = ("initializer", "regularizer", "partitioner", "custom_getter", "constraint", "dtype", "use_resource")
    values = {name: getattr(scope, f"_{name}", None) for name in names}
    return {name: _described(value) for name, value in values.items() if value is not None}


def _described(value: Any) -> str:
    """Return the name of a function, or of the class of an object that is called.

    A function within one of TensorFlow's says nothing by its own name: a partitioner is called `_partitioner`, and the
    function that made it `fixed_size_partitioner`.
    """
    if not callable(value):
        return str(value)
    name = str(getattr(value, "__name__", "") or type(value).__name__)
    module, outer = str(getattr(value, "__module__", "")), str(getattr(value, "__qualname__", "")).split(".<locals>")[0]
    return outer or name if module.partition(".")[0] in ("tensorflow", "tf_slim", "keras", "tf_keras") else name


def _shape(shape: Any) -> tuple[int | None, ...] | None:
    try:
        known = importlib.import_module("tensorflow.python.framework.tensor_shape").as_shape(shape)
    except (TypeError, ValueError):
        return None
    return None if known.rank is None else tuple(known.as_list())


def _dtype(dtype: Any) -> str:
    try:
        return str(importlib.import_module("tensorflow.python.framework.dtypes").as_dtype(dtype).base_dtype.name)
    except TypeError:
        return ""


def _python_function(function: Any) -> Any:
    """Return the user's function behind TensorFlow's wrappers; of a method, the function with its object."""
    inner = importlib.import_module("tensorflow.python.util.tf_decorator").unwrap(function)[1]
    owner, inner = getattr(inner, "__self__", None), getattr(inner, "python_function", inner)
    weak = getattr(owner, "weakrefself_target__", None)  # a method that is bound to a weak reference of its object
    return _Bound(getattr(inner, "__func__", inner), weak() if weak is not None else owner)


_DATA = os.path.join("tensorflow", "python", "data", "")  # noqa: PTH118 - compared with a name of code as it is


class _Bound(NamedTuple):
    """A function, and the object whose method it is."""

    function: Any
    owner: Any


def _function_name(name: str, inner: _Bound) -> str:
    """Return the name and place of a function; its name alone if it is a library's, empty for those of `tf.data`."""
    function = getattr(inner.owner, "weakrefself_func__", None)
    code = getattr(function() if function is not None else inner.function, "__code__", None)
    if code is None or not is_users(code.co_filename):
        return "" if code is not None and _DATA in code.co_filename else name
    return f"{code.co_qualname} ({shown_file(code.co_filename)}:{code.co_firstlineno})"


def _arguments(args: Any, kwargs: Any) -> tuple[str, ...]:
    shown = [_argument(value) for value in args or ()]
    return (*shown, *(f"{name}={_argument(value)}" for name, value in sorted((kwargs or {}).items())))


def _argument(value: Any) -> str:
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{getattr(dtype, 'name', dtype)} {shape}"
    return repr(value)[:80]
