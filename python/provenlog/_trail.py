"""``@trail`` records one event for each call of a function."""

from __future__ import annotations

import functools
import os
import time
from datetime import datetime, timezone
from typing import (
    TYPE_CHECKING,
    Any,
    AsyncGenerator,
    Callable,
    Dict,
    Generator,
    Mapping,
    Optional,
    TypeVar,
    Union,
    overload,
)

from provenlog import _active, _log, _native, _scope
from provenlog.client import ProvenLogClient, describe
from provenlog.errors import JournalFullError, ProvenLogError

if TYPE_CHECKING:
    import inspect

    from typing_extensions import ParamSpec

    P = ParamSpec("P")
    R = TypeVar("R")

__all__ = ["trail"]


@overload
def trail(client: Callable[P, R]) -> Callable[P, R]: ...


@overload
def trail(
    client: Optional[ProvenLogClient] = None,
    name: Optional[str] = None,
    agent_id: Optional[str] = None,
    metadata: Optional[Mapping[str, Any]] = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def trail(
    client: Union[ProvenLogClient, Callable[..., Any], None] = None,
    name: Optional[str] = None,
    agent_id: Optional[str] = None,
    metadata: Optional[Mapping[str, Any]] = None,
) -> Any:
    """Record each call of the decorated function as one CUSTOM event.

    The event has the arguments by name, ``{"return": value}`` or the exception's text, the status and the duration.
    ``trail`` works on functions, methods, coroutine functions, generators and async generators. The event of a
    generator is recorded when the generator is exhausted or closed or raises, and has the number of items. Events that
    are logged inside the function have this event as their ``parent_event_id``. Exceptions pass through.

    ``client`` defaults to the client that is active when the function is called (``get_client``); without one, the
    function runs unrecorded and one warning is logged. ``name`` defaults to the function's name. ``agent_id`` and
    ``metadata`` are fields of the event.

    >>> import tempfile, os
    >>> client = ProvenLogClient(agent_id="a", db_path=os.path.join(tempfile.mkdtemp(), "events.db"))
    >>> @trail(name="sum")
    ... def add(left, right=1):
    ...     return left + right
    >>> add(2)
    3
    >>> event = client.get_events()[0]
    >>> event["action_name"], event["action_input"], event["action_output"]
    ('sum', {'left': 2, 'right': 1}, {'return': 3})
    >>> client.close()
    """
    if client is not None and not isinstance(client, ProvenLogClient):
        if callable(client) or isinstance(client, (staticmethod, classmethod)):
            return _decorate(client, _Settings(None, name, agent_id, metadata))
        raise TypeError(f"trail() takes a client or a function, not {type(client).__name__}")
    settings = _Settings(client, name, agent_id, metadata)
    return lambda function: _decorate(function, settings)


class _Settings:
    def __init__(
        self,
        client: Optional[ProvenLogClient],
        name: Optional[str],
        agent_id: Optional[str],
        metadata: Optional[Mapping[str, Any]],
    ) -> None:
        self.client = client
        self.name = name
        self.agent_id = agent_id
        self.metadata = metadata


def _decorate(function: Any, settings: _Settings) -> Any:
    import inspect  # imported here because it takes a third of the package's import time, and only decorators need it

    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_decorate(function.__func__, settings))
    if isinstance(function, type) or not callable(function):
        raise TypeError("trail() decorates only functions and methods")
    calls = _Calls(function, settings)
    plain = inspect.unwrap(function)
    while isinstance(plain, functools.partial):
        plain = plain.func
    if inspect.isasyncgenfunction(plain):
        wrapper: Any = _async_generator(function, calls)
    elif inspect.iscoroutinefunction(plain):
        wrapper = _coroutine(function, calls)
    elif inspect.isgeneratorfunction(plain):
        wrapper = _generator(function, calls)
    else:
        wrapper = _plain(function, calls)
    return functools.update_wrapper(wrapper, function)


def _plain(function: Callable[..., Any], calls: _Calls) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = calls.begin(args, kwargs)
        if call is None:
            return function(*args, **kwargs)
        before = _scope.swap(call.inner)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            _scope.swap(before)
            call.fail(error)
            raise
        _scope.swap(before)
        call.succeed({"return": result})
        return result

    return wrapper


def _coroutine(function: Callable[..., Any], calls: _Calls) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = calls.begin(args, kwargs)
        if call is None:
            return await function(*args, **kwargs)
        before = _scope.swap(call.inner)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            _scope.swap(before)
            call.fail(error)
            raise
        _scope.swap(before)
        call.succeed({"return": result})
        return result

    return wrapper


def _generator(function: Callable[..., Any], calls: _Calls) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        call = calls.begin(args, kwargs)
        inner = function(*args, **kwargs)
        if call is None:
            return (yield from inner)
        items = 0
        step: Callable[[], Any] = lambda: next(inner)  # noqa: E731
        while True:
            # The scope applies while the body runs, not while the consumer runs.
            before = _scope.swap(call.inner)
            try:
                item = step()
            except StopIteration as end:
                _scope.swap(before)
                call.succeed({"items": items, "return": end.value})
                return end.value
            except BaseException as error:
                _scope.swap(before)
                call.fail(error, items)
                raise
            call.inner = _scope.swap(before)
            items += 1
            try:
                sent = yield item
            except GeneratorExit:
                before = _scope.swap(call.inner)
                try:
                    inner.close()
                except BaseException as error:
                    _scope.swap(before)
                    call.fail(error, items)
                    raise
                _scope.swap(before)
                call.succeed({"closed": True, "items": items})
                raise
            except BaseException as error:
                step = functools.partial(inner.throw, error)
            else:
                step = functools.partial(inner.send, sent)

    return wrapper


def _async_generator(function: Callable[..., Any], calls: _Calls) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        call = calls.begin(args, kwargs)
        inner = function(*args, **kwargs)
        items = 0
        step: Callable[[], Any] = inner.__anext__
        while True:
            before = _scope.swap(call.inner) if call else None
            try:
                item = await step()
            except StopAsyncIteration:
                if call:
                    _scope.swap(before)
                    call.succeed({"items": items})
                return
            except BaseException as error:
                if call:
                    _scope.swap(before)
                    call.fail(error, items)
                raise
            if call:
                call.inner = _scope.swap(before)
            items += 1
            try:
                sent = yield item
            except GeneratorExit:
                before = _scope.swap(call.inner) if call else None
                try:
                    await inner.aclose()
                except BaseException as error:
                    if call:
                        _scope.swap(before)
                        call.fail(error, items)
                    raise
                if call:
                    _scope.swap(before)
                    call.succeed({"closed": True, "items": items})
                raise
            except BaseException as error:
                step = functools.partial(inner.athrow, error)
            else:
                step = functools.partial(inner.asend, sent)

    return wrapper


class _Calls:
    """State that all calls of one decorated function share."""

    def __init__(self, function: Callable[..., Any], settings: _Settings) -> None:
        import inspect

        plain = function
        while isinstance(plain, functools.partial):
            plain = plain.func
        self.settings = settings
        self.name = settings.name or getattr(plain, "__name__", None) or type(plain).__name__
        self.signature: Optional[inspect.Signature]
        try:
            self.signature = inspect.signature(function)
        except (TypeError, ValueError):
            self.signature = None
        first = next(iter(self.signature.parameters), None) if self.signature else None
        self.receiver = first if first in ("self", "cls") else None
        self.attribute = _attribute_name(plain) if self.receiver else None
        self.warned = False

    def begin(self, args: Any, kwargs: Dict[str, Any]) -> Optional[_Call]:
        client = self.settings.client or _active.get_client()
        if client is None:
            if not self.warned:
                self.warned = True
                _log.warning("@trail: %s is not recorded: there is no active ProvenLogClient; open one", self.name)
            return None
        arguments, interrupt = _native.json_and_interrupt(self.arguments(args, kwargs))
        call = _Call(self, client, arguments)
        if interrupt is not None:
            call.fail(interrupt)
            raise interrupt
        return call

    def arguments(self, args: Any, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        if self.signature is not None:
            try:
                bound = self.signature.bind(*args, **kwargs)
            except TypeError:
                pass  # the call itself will raise the same error
            else:
                bound.apply_defaults()
                names = dict(bound.arguments)
                if self.receiver and self.attribute and _is_receiver(names[self.receiver], self.attribute):
                    del names[self.receiver]
                return names
        return {"args": list(args), "kwargs": kwargs}


class _Call:
    """One call. Its arguments are converted to JSON before the call, because the function may change them."""

    def __init__(self, calls: _Calls, client: ProvenLogClient, arguments: _native.Json) -> None:
        self.calls = calls
        self.client = client
        self.arguments = arguments
        self.id = _new_id()
        self.began = datetime.now(timezone.utc)
        self.clock = time.perf_counter_ns()
        self.outer = _scope.current()
        # The scope while the body runs: this event is the parent.
        self.inner: Optional[_scope.Scope] = (self.outer[0], self.outer[1], self.id)

    def succeed(self, output: Dict[str, Any]) -> None:
        try:
            self.log(action_output=output, action_status="success")
        except JournalFullError:
            raise  # on_full="raise": the caller asked for this exception
        except ProvenLogError as error:
            self.client._deliver(error)

    def fail(self, error: BaseException, items: Optional[int] = None) -> None:
        output = None if items is None else {"items": items}
        message, interrupt = describe(error)
        try:
            self.log(action_output=output, action_status="error", error_message=message)
        except ProvenLogError as failure:
            self.client._deliver(failure)  # the caller gets the function's own exception
        if interrupt is not None:
            raise interrupt

    def log(self, **fields: Any) -> None:
        settings = self.calls.settings
        agent, session, parent = self.outer
        self.client.log_event(
            id=self.id,
            action_type="CUSTOM",
            action_name=self.calls.name,
            action_input=self.arguments,
            timestamp=self.began,
            duration_ms=(time.perf_counter_ns() - self.clock) // 1_000_000,
            agent_id=settings.agent_id or agent,
            session_id=session,
            parent_event_id=parent,
            metadata=settings.metadata,
            **fields,
        )


def _attribute_name(function: Any) -> Optional[str]:
    """The name of the class attribute that a function was defined as; None if it was not defined in a class."""
    name = getattr(function, "__name__", None)
    qualified = getattr(function, "__qualname__", None)
    if not isinstance(name, str) or not isinstance(qualified, str):
        return None
    owner = qualified.rpartition(".")[0].rpartition(".")[2]
    if not owner or owner == "<locals>":
        return None
    private = name.startswith("__") and not name.endswith("__")
    return f"_{owner.lstrip('_')}{name}" if private else name


def _is_receiver(value: Any, attribute: str) -> bool:
    """Whether ``value`` is the instance or class that a method was called on. Runs no code of the value."""
    classes = type(value).__mro__
    if issubclass(type(value), type):
        classes = value.__mro__ + classes
    for cls in classes:
        found = cls.__dict__.get(attribute)
        if found is not None:
            return attribute == "__new__" or not isinstance(found, staticmethod)
    return False


def _new_id() -> str:
    """Return a new UUIDv7. The event's children need the id before the event is recorded."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
