"""What is logged, counted and traced, in which form, and without secrets."""

import io
import json
import logging
import os
import subprocess
import sys
import warnings
from datetime import UTC, datetime
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gridloom.kernel import observability
from gridloom.kernel.observability import Metrics, Pool, TracingUnavailable


@pytest.fixture
def logs():
    """Lines of a freshly configured process; the configuration before comes back afterwards."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()

    class Lines:
        def configure(self, form="json", level="info"):
            observability.configure_logging(form, level, stream)
            return self

        def text(self):
            return stream.getvalue()

        def read(self):
            return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield Lines().configure()
    structlog.configure(**before)
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    assert observability.configure_tracing(exporter=exporter, service="test")

    def finished():
        observability._tracing.provider.force_flush()
        return exporter.get_finished_spans()

    yield finished
    observability.stop_tracing()


@pytest.mark.parametrize(
    "incoming", ["0123abcd", "req-2026.11.20:1", "a" * 128, "01900000-0000-7000-8000-000000000001"]
)
def test_a_sane_request_id_is_taken_over(incoming):
    assert observability.accept_request_id(incoming) == incoming


@pytest.mark.parametrize(
    "incoming", [None, "", "short", "a" * 129, "with space 1", "line\nbreak1", "-leading1", "é" * 9]
)
def test_any_other_is_replaced(incoming):
    assert UUID(observability.accept_request_id(incoming)).version == 7


@given(st.text(max_size=200))
def test_a_request_id_always_fits_into_a_header_and_a_line(incoming):
    accepted = observability.accept_request_id(incoming)
    assert 8 <= len(accepted) <= 128
    assert accepted.isascii()
    assert accepted.isprintable()


def test_a_request_id_is_known_inside_its_request_only():
    assert observability.request_id() == ""
    with observability.request_context("outer-request"):
        with observability.request_context("inner-request"):
            assert observability.request_id() == "inner-request"
        assert observability.request_id() == "outer-request"
    assert observability.request_id() == ""


def test_a_json_line_says_what_where_when_and_in_which_request(logs):
    log = structlog.get_logger("gridloom.test")
    with observability.request_context("request-1", api="metering"):
        log.info("values_written", count=3, at=datetime(2026, 1, 1, tzinfo=UTC))
    log.warning("outside")
    first, second = logs.read()
    stamp = datetime.fromisoformat(first.pop("timestamp"))
    assert abs((datetime.now(UTC) - stamp).total_seconds()) < 60
    assert first == {
        "event": "values_written",
        "level": "info",
        "logger": "gridloom.test",
        "request_id": "request-1",
        "api": "metering",
        "count": 3,
        "at": "2026-01-01 00:00:00+00:00",
    }
    assert second.keys() == {"event", "level", "logger", "timestamp"}


def test_a_library_that_logs_by_the_standard_way_has_the_same_form(logs):
    with observability.request_context("request-1"):
        logging.getLogger("procrastinate.worker").warning("job %s took %d s", "rollup", 7)
    (line,) = logs.read()
    line.pop("timestamp")
    assert line == {
        "event": "job rollup took 7 s",
        "level": "warning",
        "logger": "procrastinate.worker",
        "request_id": "request-1",
    }


def test_a_library_with_an_outlet_of_its_own_loses_it(logs):
    uvicorn = logging.getLogger("uvicorn.error")
    own = logging.StreamHandler(io.StringIO())
    uvicorn.addHandler(own)
    uvicorn.propagate = False
    logs.configure()
    uvicorn.error("broken")
    logging.getLogger("uvicorn.access").info("GET / 200")
    assert own.stream.getvalue() == ""
    assert [line["event"] for line in logs.read()] == ["broken"]


def test_a_warning_of_python_becomes_a_line(logs):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("this goes away", DeprecationWarning, stacklevel=1)
    (line,) = logs.read()
    assert line["logger"] == "py.warnings"
    assert "this goes away" in line["event"]


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_gets_out_whichever_way_it_comes_in(logs, form):
    logs.configure(form)
    log = structlog.get_logger("gridloom.test")
    log.info("connected", url="postgresql://u:hunter2@db/x", password="hunter2", headers={"Authorization": "hunter2"})
    logging.getLogger("httpx").warning("GET https://h/x?token=%s", "hunter2")

    def refuse():
        raise ValueError("refused: password=hunter2")

    try:
        refuse()
    except ValueError:
        log.exception("failed")
        logging.getLogger("any").exception("failed too")
    text = logs.text()
    assert "hunter2" not in text
    assert text.count("ValueError: refused: password=[redacted]") == 2


def test_below_the_level_nothing_is_said(logs):
    logs.configure(level="warning")
    structlog.get_logger("a").info("quiet")
    logging.getLogger("b").info("quiet")
    structlog.get_logger("a").error("loud")
    assert [line["event"] for line in logs.read()] == ["loud"]


def test_a_level_that_does_not_exist_is_refused(logs):
    with pytest.raises(ValueError, match="no log level"):
        observability.configure_logging("json", "chatty")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_caller_cannot_write_a_line_of_their_own(logs, form):
    logs.configure(form)
    structlog.get_logger("a").info("request", path="/x\n2026-01-01 [info] forged")
    assert len(logs.text().splitlines()) == 1


def test_text_that_is_no_unicode_is_logged_all_the_same(logs):
    structlog.get_logger("a").info("request", path="/\ud800")
    (line,) = logs.read()
    assert (line["event"], line["path"]) == ("request", "/?")


def test_requests_jobs_events_and_pools_are_counted():
    metrics = Metrics()
    metrics.observe_request("metering", "read_data", 200, 0.004)
    metrics.observe_request("metering", "read_data", 200, 0.2)
    metrics.observe_request("metering", "read_data", 422, 0.001)
    metrics.observe_job("rollup", "done", 1.5)
    metrics.count_events("relayed", 7)
    metrics.watch_pool("main", lambda: Pool(open=5, idle=2, most=10))
    lines = metrics.text().decode().splitlines()
    for expected in (
        'gridloom_request_seconds_count{api="metering",operation="read_data",status="200"} 2.0',
        'gridloom_request_seconds_bucket{api="metering",le="0.005",operation="read_data",status="200"} 1.0',
        'gridloom_request_seconds_count{api="metering",operation="read_data",status="422"} 1.0',
        'gridloom_jobs_total{outcome="done",task="rollup"} 1.0',
        'gridloom_job_seconds_sum{task="rollup"} 1.5',
        'gridloom_events_total{stage="relayed"} 7.0',
        'gridloom_db_connections{pool="main",state="busy"} 3.0',
        'gridloom_db_connections{pool="main",state="idle"} 2.0',
        'gridloom_db_connections{pool="main",state="most"} 10.0',
    ):
        assert expected in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)


def test_the_process_has_one_set_of_numbers():
    before = observability.metrics_text().decode()
    observability.observe_request("test", "test_the_process_has_one_set_of_numbers", 200, 0.1)
    name = 'operation="test_the_process_has_one_set_of_numbers",status="200"} 1.0'
    assert name not in before
    assert name in observability.metrics_text().decode()


def test_several_processes_answer_with_the_sum_of_all(tmp_path):
    work = (
        "from gridloom.kernel import observability as o; "
        "o.observe_request('a', 'b', 200, 0.5); print(o.metrics_text().decode())"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        run = subprocess.run([sys.executable, "-c", work], env=environment, capture_output=True, text=True, check=True)
    assert 'gridloom_request_seconds_count{api="a",operation="b",status="200"} 2.0' in run.stdout


def test_without_an_address_there_are_no_traces_and_nothing_is_imported():
    work = (
        "import sys; from gridloom.kernel import observability as o; assert o.configure_tracing() is False\n"
        "with o.span('x', {'traceparent': 'y'}, a=1): pass\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    run = subprocess.run([sys.executable, "-c", work], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_traces_without_their_libraries_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(TracingUnavailable, match=r"gridloom\[otel\]"):
        observability.configure_tracing("http://collector:4318")
    assert observability._tracing.tracer is None


def test_the_environment_of_opentelemetry_switches_traces_on(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(TracingUnavailable):
        observability.configure_tracing()


def test_a_span_continues_the_trace_of_the_caller_and_marks_the_log(spans, logs):
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    with observability.span("read", headers, api="metering"), observability.span("query"):
        structlog.get_logger("a").info("inside")
    structlog.get_logger("a").info("outside")
    inner, outer = spans()
    assert (outer.name, outer.attributes["api"], f"{outer.context.trace_id:032x}") == ("read", "metering", trace)
    assert inner.parent.span_id == outer.context.span_id
    assert outer.resource.attributes["service.name"] == "test"
    inside, outside = logs.read()
    assert (inside["trace_id"], inside["span_id"]) == (trace, f"{inner.context.span_id:016x}")
    assert "trace_id" not in outside


def test_a_failed_span_tells_the_class_of_the_error_and_not_its_text(spans):
    with pytest.raises(ValueError, match="hunter2"), observability.span("read"):
        raise ValueError("hunter2")
    (span,) = spans()
    assert (span.status.status_code.name, span.status.description, span.events) == ("ERROR", "ValueError", ())
