"""Start page, documentation, health, metrics and signed files, beside the five APIs."""

from collections.abc import Mapping, Sequence
from importlib.resources import files as package_files
from pathlib import PurePosixPath
from typing import Any

import structlog
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from gridloom import __version__
from gridloom.kernel.http.api import Api
from gridloom.kernel.http.call import Services
from gridloom.kernel.http.endpoint import fault_of
from gridloom.web import pages
from gridloom.web.files import file_routes
from gridloom.web.state import state_of

log = structlog.get_logger(__name__)

HTML = "text/html"
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Site:
    """The application that answers whatever no API does."""

    def __init__(self, services: Services, apis: Sequence[Api], documents: Mapping[str, bytes]) -> None:
        self._services = services
        self._apis = list(apis)
        self._documents = dict(documents)
        self.asgi = Litestar(
            self._handlers(),
            openapi_config=None,
            logging_config=None,
            exception_handlers={HTTPException: _plain, Exception: _unforeseen},
        )

    def _handlers(self) -> list[Any]:
        services, apis, documents = self._services, self._apis, self._documents
        folder = (package_files("gridloom.web") / "assets").iterdir()
        assets = {each.name: each for each in folder if PurePosixPath(each.name).suffix in MEDIA}

        @get("/", include_in_schema=False)
        async def start() -> ASGIResponse:
            return _page(pages.start(apis, await state_of(services), __version__))

        @get("/docs", include_in_schema=False)
        async def library() -> ASGIResponse:
            return _page(pages.library(apis))

        @get(["/docs/{name:str}", "/{name:str}/docs"], include_in_schema=False)
        async def docs(name: FromPath[str]) -> ASGIResponse:
            if name not in documents:
                raise HTTPException(status_code=404, detail="There is no such API.")
            return _page(pages.reader(apis, name))

        @get("/{name:str}/openapi.json", include_in_schema=False)
        async def openapi(name: FromPath[str]) -> ASGIResponse:
            if name not in documents:
                raise HTTPException(status_code=404, detail="There is no such API.")
            return ASGIResponse(
                body=documents[name], media_type="application/json", headers={"Cache-Control": "no-cache"}
            )

        @get("/assets/{name:str}", include_in_schema=False)
        async def asset(name: FromPath[str]) -> ASGIResponse:
            if name not in assets:
                raise HTTPException(status_code=404, detail="There is no such file.")
            headers = {"Cache-Control": "public, max-age=3600"}
            media = MEDIA[PurePosixPath(name).suffix]
            return ASGIResponse(body=assets[name].read_bytes(), media_type=media, headers=headers)

        return [start, library, docs, openapi, asset, *health(services), *file_routes(services)]


def health(services: Services) -> list[Any]:
    """Is the process alive; can it work; what has it done."""
    from gridloom.kernel import observability

    @get("/health/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @get("/health/ready", include_in_schema=False)
    async def ready() -> ASGIResponse:
        parts = await state_of(services)
        good = all(part.good or not part.needed for part in parts)
        body = pages.encode({"status": "ok" if good else "unavailable", "parts": parts})
        return ASGIResponse(body=body, status_code=200 if good else 503, media_type="application/json")

    @get("/metrics", include_in_schema=False)
    async def metrics() -> ASGIResponse:
        return ASGIResponse(body=observability.metrics_text(), media_type=observability.METRICS_TYPE)

    return [live, ready, metrics]


def _page(html: str) -> ASGIResponse:
    return ASGIResponse(body=html.encode(), media_type=HTML, headers={"Cache-Control": "no-cache"})


def _plain(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """An error of this site: a sentence for people, JSON for programs."""
    headers = dict(error.headers or {})
    if "text/html" in request.headers.get("accept", ""):
        page = pages.error(error.status_code, error.detail).encode()
        return Response(page, status_code=error.status_code, media_type=HTML, headers=headers)
    body = pages.encode({"message": error.detail, "status": error.status_code})
    return Response(body, status_code=error.status_code, media_type="application/json", headers=headers)


def _unforeseen(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """What went wrong here, without its details; those are in the log."""
    fault = fault_of(error)
    if fault.status >= 500:
        log.error("page_failed", exc_info=error)
    return _plain(request, HTTPException(status_code=fault.status, detail=fault.message, headers=fault.headers))
