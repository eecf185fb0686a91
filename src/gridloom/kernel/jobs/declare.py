"""Declaring jobs and schedules in a module's `jobs.py`; a job is found by existing."""

import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from gridloom.kernel.discovery import modules
from gridloom.kernel.events.backoff import Backoff

Function: TypeAlias = Callable[..., Awaitable[Any]]

RETRY = Backoff.exponential(10, factor=4, most_s=3600, attempts=6)
ONCE = Backoff(())

RESERVED = frozenset({"tx", "job", "tenant", "key", "at", "lock", "description", "keep"})

_NAME = re.compile(r"[a-z0-9_.\-]{1,100}")


class GiveUp(Exception):
    """Raised by a job that knows that another attempt cannot help."""


@dataclass(frozen=True)
class Schedule:
    """When a job is deferred by itself: cron, in UTC. `each_tenant`: once for each active tenant."""

    cron: str
    each_tenant: bool
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """A function that a worker runs. See `Jobs.job`."""

    name: str
    function: Function
    queue: str
    retry: Backoff
    priority: int
    timeout_s: float
    arguments: type[msgspec.Struct]
    schedules: list[Schedule] = field(default_factory=list)

    def packed(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as JSON carries them. TypeError when a name or a type does not fit the function."""
        plain: dict[str, Any] = msgspec.to_builtins(dict(args))
        try:
            msgspec.convert(plain, self.arguments)
        except msgspec.ValidationError as error:
            raise TypeError(f"the job {self.name} cannot be called like that: {error}") from None
        return plain

    def unpacked(self, plain: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as the function's annotations say: instants, UUIDs, decimals, structs."""
        arguments = msgspec.convert(plain, self.arguments)
        return {name: getattr(arguments, name) for name in self.arguments.__struct_fields__}


@dataclass
class Jobs:
    """A set of jobs. The program has one, `registry`; a test makes its own."""

    known: dict[str, Job] = field(default_factory=dict)

    def job(
        self,
        name: str,
        *,
        retry: Backoff = RETRY,
        queue: str = "default",
        priority: int = 0,
        timeout_s: float = 3600.0,
    ) -> Callable[[Function], Job]:
        """Declare a job: `async def refresh(context, *, channel: int) -> result`. It may run more than once.

        name: stays, once jobs of it may be waiting. retry: waits between attempts; `ONCE` for none (a worker that dies
        still gives the job back). queue: workers may be bound to queues. priority: higher ones first. timeout_s: how
        long one attempt may take. Arguments are annotated, and travel as JSON.
        """

        def declare(function: Function) -> Job:
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a job: give it one of small letters, digits, dots and dashes")
            if name in self.known:
                raise ValueError(f"two jobs are called {name}")
            job = Job(name, function, queue, retry, priority, timeout_s, _arguments(name, function))
            self.known[name] = job
            return job

        return declare

    def find(self, name: str) -> Job:
        """The job of that name; LookupError when no imported module declares it."""
        try:
            return self.known[name]
        except KeyError:
            raise LookupError(f"no job is called {name}") from None


def schedule(cron: str, *, each_tenant: bool = False, **args: Any) -> Callable[[Job], Job]:
    """Defer a job by itself, at the times of a cron expression in UTC (`*/15 * * * *`), with these arguments.

    However many workers run, it is deferred once; a time that passed less than an hour ago, with no worker running, is
    made up for. Stands above `@job`.
    """

    def declare(job: Job) -> Job:
        job.packed(args)
        job.schedules.append(Schedule(cron, each_tenant, args))
        return job

    return declare


def _arguments(name: str, function: Function) -> type[msgspec.Struct]:
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"the job {name} must be an async function; give long calculations to `asyncio.to_thread`")
    hints = typing.get_type_hints(function)
    _, *parameters = inspect.signature(function).parameters.values()
    fields: list[Any] = []
    for each in parameters:
        if each.name in RESERVED or each.name not in hints:
            raise TypeError(f"the job {name} has an argument {each.name!r} that is reserved or not annotated")
        typed = (each.name, hints[each.name])
        fields.append(typed if each.default is each.empty else (*typed, each.default))
    return msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)


registry = Jobs()
job = registry.job


def discover() -> Jobs:
    """Import every `jobs.py` and give the program's jobs."""
    for _ in modules("jobs"):
        pass
    return registry
