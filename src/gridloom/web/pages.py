"""Pages as text: everything that comes from elsewhere is escaped."""

from collections.abc import Sequence
from html import escape
from typing import Any

import msgspec

from gridloom.kernel.http.api import Api
from gridloom.web.state import Part

encode = msgspec.json.encode


def _frame(title: str, body: str, *, scripts: Sequence[str] = ()) -> str:
    loaded = "".join(f'<script src="/assets/{name}" defer></script>' for name in scripts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/assets/site.css">'
        f'<link rel="icon" href="/assets/mark.svg">{loaded}</head><body>{body}</body></html>'
    )


def start(apis: Sequence[Api], parts: Sequence[Part], version: str) -> str:
    """The start page: the APIs, their documentation, the state of the parts."""
    rows = "".join(
        f"<tr><th scope=row>{escape(api.name)}</th><td>{' '.join(f'<code>{escape(p)}</code>' for p in _served(api))}</td>"
        f'<td>{len(api.operations)}</td><td><a href="/docs/{escape(api.name)}">documentation</a></td>'
        f'<td><a href="/{escape(api.name)}/openapi.json">openapi.json</a></td></tr>'
        for api in apis
    )
    states = "".join(
        f'<li class="{"good" if part.good else "bad"}"><b>{escape(part.name)}</b> {escape(part.text)}</li>'
        for part in parts
    )
    return _frame(
        "gridloom",
        '<header><img src="/assets/mark.svg" alt="" width=40 height=40>'
        f"<h1>gridloom <small>{escape(version)}</small></h1></header>"
        "<main><p>The back end of a local energy business. Five APIs on one core.</p>"
        "<table><thead><tr><th>API</th><th>paths</th><th>operations</th><th></th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table><h2>State</h2><ul class=state>{states}</ul>"
        '<p><a href="/health/ready">health</a> · <a href="/metrics">metrics</a></p></main>',
    )


def _served(api: Api) -> list[str]:
    """The prefixes below which there is something."""
    return [prefix for prefix in api.prefixes if any(each.path.startswith(f"{prefix}/") for each in api.operations)]


def library(apis: Sequence[Api]) -> str:
    """The list of documents."""
    items = "".join(f'<li><a href="/docs/{escape(api.name)}">{escape(api.title)}</a></li>' for api in apis)
    return _frame("Documentation", f"<main><h1>Documentation</h1><ul>{items}</ul></main>")


def reader(apis: Sequence[Api], name: str) -> str:
    """The reader of one document; the script fills it from openapi.json of this very server."""
    links = " ".join(
        f'<a href="/docs/{escape(api.name)}"{" aria-current=page" if api.name == name else ""}>{escape(api.name)}</a>'
        for api in apis
    )
    body = (
        f'<header><a href="/"><img src="/assets/mark.svg" alt="start" width=28 height=28></a><nav>{links}</nav></header>'
        f'<main id=reader data-document="/{escape(name)}/openapi.json"><p>Reading …</p></main>'
    )
    return _frame(f"{name} · documentation", body, scripts=("reader.js",))


def error(status: int, text: str) -> str:
    """A page that says what went wrong."""
    return _frame(str(status), f'<main><h1>{status}</h1><p>{escape(text)}</p><p><a href="/">Start</a></p></main>')


__all__: list[Any] = ["encode", "error", "library", "reader", "start"]
