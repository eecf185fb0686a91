"""What a running installation says about itself: log lines, numbers for Prometheus, traces where they are wanted.

Every log line, of ours and of the libraries, passes one chain of structlog processors: the request's id and whatever
else is bound to the context goes in, secrets come out. Nothing is configured by importing this module.
"""

import importlib
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, cast

import msgspec
import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gridloom.kernel.ids import uuid7
from gridloom.kernel.security.redaction import redact_event

Event = MutableMapping[str, Any]

METRICS_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@=+/-]{7,127}")
# Libraries that say too much at their own level; requests are logged once, by the dispatcher.
_QUIET = {
    "alembic": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "distributed": logging.WARNING,
    "asyncio": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,
}

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def accept_request_id(incoming: str | None) -> str:
    """The id of a request: the caller's own when it is a plain word of 8 to 128 characters, else a new UUIDv7."""
    return incoming if incoming and _SANE_ID.fullmatch(incoming) else str(uuid7())


def request_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return _request_id.get()


@contextmanager
def request_context(identifier: str, **bound: Any) -> Iterator[None]:
    """Everything inside, and every task started there, logs with this request id and these fields."""
    mark = _request_id.set(identifier)
    try:
        with structlog.contextvars.bound_contextvars(request_id=identifier, **bound):
            yield
    finally:
        _request_id.reset(mark)


def configure_logging(
    form: Literal["json", "console"] = "json", level: str = "info", stream: TextIO | None = None
) -> None:
    """Send every log line of this process to `stream` (standard error) in one form. Safe to repeat.

    json: one object a line, with `event`, `level`, `timestamp` (UTC), `logger` and what was bound. console: for people.
    ValueError for a level that does not exist.
    """
    target = stream or sys.stderr
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        raise ValueError(f"{level!r} is no log level; take debug, info, warning or error")
    common: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    finish: list[Any] = [
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        redact_event,
        structlog.dev.ConsoleRenderer(colors=target.isatty()) if form == "console" else _render_json,
    ]
    structlog.configure(
        processors=[*common, _add_name, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *names: _Lines(target, *names),
        cache_logger_on_first_use=False,
    )
    _route_library_logs(common, finish, threshold, target)
    _Access.stream = target if form == "json" and threshold <= logging.INFO else None


def _route_library_logs(common: list[Any], finish: list[Any], threshold: int, target: TextIO) -> None:
    """Give the standard library's logging (uvicorn, procrastinate, alembic) the same chain and one outlet."""
    handler = logging.StreamHandler(target)
    foreign = [structlog.stdlib.PositionalArgumentsFormatter(), structlog.stdlib.add_logger_name, *common]
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=foreign, processors=[remove_meta, *finish])
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    for name, known in logging.Logger.manager.loggerDict.items():
        if isinstance(known, logging.Logger) and name.partition(".")[0] in {"uvicorn", "procrastinate", "alembic"}:
            known.handlers, known.propagate = [], True
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, threshold))
    logging.captureWarnings(capture=True)


class _Lines:
    """The end of the chain: one write a line."""

    __slots__ = ("_stream", "name")

    def __init__(self, stream: TextIO, name: str = "", *_: Any) -> None:
        self._stream = stream
        self.name = name

    def msg(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    debug = info = warning = warn = error = critical = exception = fatal = log = failure = msg


def _add_name(logger: Any, _method: str, event: Event) -> Event:
    if name := getattr(logger, "name", ""):
        event.setdefault("logger", name)
    return event


def _add_trace(_logger: Any, _method: str, event: Event) -> Event:
    if _tracing.tracer is not None and (ids := _tracing.current()):
        event["trace_id"], event["span_id"] = ids
    return event


def _render_json(_logger: Any, _method: str, event: Event) -> str:
    event["event"] = event.pop("event", "")
    try:
        return msgspec.json.encode(event).decode()
    except UnicodeEncodeError:
        # Half of a surrogate pair in a caller's text: the line matters more than that character.
        plain = {name: str(value).encode("utf-8", "replace").decode() for name, value in event.items()}
        return msgspec.json.encode(plain).decode()


class _Access:
    """Where a line for each request goes: past the chain of processors when nobody but a program reads it."""

    stream: TextIO | None = None


def access_line(level: str, **fields: str | float) -> None:
    """One line for an answered request. The fields are our own (a template, a status), never a caller's text.

    As JSON it is written directly, which costs a tenth of the way through the processors.
    """
    if _Access.stream is None:
        getattr(_access_log, level)("request", **fields)
        return
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    line = {"event": "request", **fields, "request_id": request_id(), "level": level, "timestamp": stamp}
    line["logger"] = "gridloom.access"
    if trace := _tracing.current() if _tracing.tracer is not None else None:
        line["trace_id"], line["span_id"] = trace
    _Access.stream.write(msgspec.json.encode(line).decode() + "\n")
    _Access.stream.flush()


_access_log = structlog.get_logger("gridloom.access")


class Pool(msgspec.Struct, frozen=True):
    """A pool at one moment: connections that are open, that wait unused, and that there may be."""

    open: int
    idle: int
    most: int


class Metrics:
    """The numbers of one process. Labels come from declarations (an operation's name), never from a caller's text.

    Where one installation runs several processes on one port, set PROMETHEUS_MULTIPROC_DIR to an empty folder before
    the start: each then answers for all of them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("api", "operation", "status")
        self._seconds = Histogram(
            "gridloom_request_seconds", "Time to answer.", labels, buckets=SECONDS, registry=self.registry
        )
        self._jobs = Counter(
            "gridloom_jobs", "Background jobs that ended.", ("task", "outcome"), registry=self.registry
        )
        self._job_seconds = Histogram(
            "gridloom_job_seconds", "Time of a background job.", ("task",), buckets=SECONDS, registry=self.registry
        )
        self._events = Counter("gridloom_events", "Events, by what became of them.", ("stage",), registry=self.registry)
        self._pools = _Pools()
        self.registry.register(self._pools)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def observe_request(self, api: str, operation: str, status: int, seconds: float) -> None:
        """One answered request: counted and timed (`gridloom_request_seconds_count`, `_sum`, `_bucket`)."""
        self._seconds.labels(api, operation, str(status)).observe(seconds)

    def observe_job(self, task: str, outcome: Literal["done", "failed", "retried"], seconds: float) -> None:
        """One run of a background job."""
        self._jobs.labels(task, outcome).inc()
        self._job_seconds.labels(task).observe(seconds)

    def count_events(self, stage: str, count: int = 1) -> None:
        """Events that reached a stage: `written`, `relayed`, `delivered`, `failed`, `dead`."""
        self._events.labels(stage).inc(count)

    def watch_pool(self, name: str, read: Callable[[], Pool]) -> None:
        """Show a pool of connections; `read` is called when somebody asks for the numbers."""
        self._pools.readers[name] = read

    def text(self) -> bytes:
        """All numbers in the Prometheus text format; its media type is METRICS_TYPE."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        everybody, gather = CollectorRegistry(), cast("Callable[[CollectorRegistry], object]", MultiProcessCollector)
        gather(everybody)
        everybody.register(self._pools)
        return generate_latest(everybody)


class _Pools(Collector):
    def __init__(self) -> None:
        self.readers: dict[str, Callable[[], Pool]] = {}

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily("gridloom_db_connections", "Connections of this process.", labels=("pool", "state"))
        for name, read in self.readers.items():
            pool = read()
            family.add_metric((name, "busy"), pool.open - pool.idle)
            family.add_metric((name, "idle"), pool.idle)
            family.add_metric((name, "most"), pool.most)
        yield family


metrics = Metrics()
observe_request = metrics.observe_request
observe_job = metrics.observe_job
count_events = metrics.count_events
watch_pool = metrics.watch_pool
metrics_text = metrics.text


class TracingUnavailable(RuntimeError):
    """Traces were asked for and the libraries for them are not installed."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"traces need the module {missing}: install gridloom[otel], or unset the OTLP endpoint")


class _Tracing:
    """The tracer, once there is one; OpenTelemetry is imported then and not before."""

    def __init__(self) -> None:
        self.tracer: Any = None
        self.provider: Any = None

    def current(self) -> tuple[str, str] | None:
        from opentelemetry import trace

        context = trace.get_current_span().get_span_context()
        return (f"{context.trace_id:032x}", f"{context.span_id:016x}") if context.is_valid else None


_tracing = _Tracing()


def configure_tracing(endpoint: str | None = None, *, service: str = "gridloom", exporter: Any = None) -> bool:
    """Send spans to an OpenTelemetry collector (OTLP over HTTP); returns whether there is one to send them to.

    endpoint: its base address; without one OTEL_EXPORTER_OTLP_ENDPOINT decides, and the other variables of
    OpenTelemetry hold as well. exporter: another span exporter than OTLP's. Raises TracingUnavailable.
    """
    wanted = endpoint or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or exporter
    if not wanted:
        return False
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        if exporter is None:
            otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
            exporter = otlp.OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None)
    except ModuleNotFoundError as error:
        raise TracingUnavailable(error.name or "opentelemetry") from error
    _tracing.provider = TracerProvider(resource=Resource.create({"service.name": service}))
    _tracing.provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracing.tracer = _tracing.provider.get_tracer("gridloom")
    return True


def stop_tracing() -> None:
    """Send what is left and forget the tracer."""
    if _tracing.provider is not None:
        _tracing.provider.shutdown()
    _tracing.tracer = _tracing.provider = None


@contextmanager
def span(name: str, headers: Mapping[str, str] | None = None, **attributes: str | float | bool) -> Iterator[None]:
    """A stretch of work in a trace; costs nothing while there is no tracer.

    headers: of an incoming request (names in lower case), whose `traceparent` this continues. An exception marks the
    span as failed by its class; its text stays out, because it may hold what a caller sent.
    """
    if _tracing.tracer is None:
        yield
        return
    from opentelemetry.propagate import extract
    from opentelemetry.trace import Status, StatusCode

    context = extract(headers) if headers else None
    with _tracing.tracer.start_as_current_span(
        name, context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
