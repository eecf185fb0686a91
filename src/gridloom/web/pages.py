"""Pages as text: everything that comes from elsewhere is escaped."""

from collections.abc import Sequence
from html import escape
from typing import Any

import msgspec

from gridloom.kernel.http.api import Api
from gridloom.web.state import Part

encode = msgspec.json.encode


_BEGIN = """<h2 id=begin>Where to begin</h2><ol>
<li><b>Take a token.</b> <code>gridloom run</code> prints one for all five APIs when it starts with the demo data;
<code>gridloom demo</code> shows it again. Without the demo, <code>gridloom tenant create</code> and
<code>gridloom token create</code> make your own. (In a checkout: <code>.venv/bin/gridloom</code>.)</li>
<li><b>Try it here.</b> Open the <a href="#apis">documentation</a> of an API, enter the token once at its side, open an operation,
and send.</li>
<li><b>Call it from a program.</b> The token is a header of each request:
<code>Authorization: Bearer &lt;token&gt;</code>.</li></ol>
<p>More below: <a href="#essentials">the essentials</a> and <a href="#state">the state of this server</a>.</p>
"""
_ESSENTIALS = """<h2 id=essentials>The essentials</h2><ul>
<li><b>A first answer:</b> <code>curl -H "Authorization: Bearer &lt;token&gt;" &lt;this address&gt;/api/sensors/types</code></li>
<li><b>Communities:</b> nearly every operation asks for the header <code>x-community-id</code>; it is the
<code>auth_community_id</code> in the answer of <a href="/docs/communities#get_communities_my_communities">GET
/communities/my-communities</a>.</li>
<li><b>Readings from a file:</b> <code>gridloom import readings FILE --tenant demo</code>, where FILE is a CSV or Parquet with
<code>ean,signal,time,value</code>.</li>
<li><b>Where the data is:</b> in the folder <code>var</code>, unless <code>DATABASE_URL</code> or <code>GRIDLOOM_VAR</code>
say otherwise. <code>var/secret.key</code> belongs in every backup.</li>
<li><b>When something is wrong:</b> <code>gridloom doctor</code> looks at settings, database, keys and disk, and says what
to mend. <code>gridloom --help</code> has the other commands.</li></ul>
"""


def _frame(title: str, body: str, *, scripts: Sequence[str] = ()) -> str:
    loaded = "".join(f'<script type="module" src="/assets/{name}"></script>' for name in scripts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/assets/site.css">'
        f'<link rel="icon" href="/assets/mark.svg">{loaded}</head>'
        f'<body><a class=skip href="#main">To the content</a>{body}</body></html>'
    )


def start(apis: Sequence[Api], parts: Sequence[Part], version: str) -> str:
    """The start page: where to begin, the APIs with their documentation, the state of the parts."""
    rows = "".join(
        f"<tr><th scope=row>{escape(api.name)}</th><td>{' '.join(f'<code>{escape(p)}</code>' for p in _served(api))}</td>"
        f'<td>{len(api.operations)}</td><td><a href="/docs/{escape(api.name)}">documentation</a> '
        f'<a href="/{escape(api.name)}/openapi.json">openapi.json</a></td></tr>'
        for api in apis
    )
    states = "".join(
        f'<li class="{"good" if part.good else "bad"}"><b>{escape(part.name)}</b> '
        f"{'works' if part.good else 'does not work'}: {escape(part.text)}</li>"
        for part in parts
    )
    return _frame(
        "gridloom",
        '<header><img src="/assets/mark.svg" alt="" width=40 height=40>'
        f"<h1>gridloom <small>{escape(version)}</small></h1></header>"
        "<main id=main tabindex=-1><p>The back end of a local energy business. Five APIs on one core.</p>"
        f"{_BEGIN}<h2 id=apis>APIs</h2><table><thead><tr><th scope=col>API</th><th scope=col>paths</th>"
        "<th scope=col>operations</th><th scope=col>to read</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{_ESSENTIALS}<h2 id=state>State</h2><ul class=state>{states}</ul>"
        '<p><a href="/health/ready">health</a> · <a href="/metrics">metrics</a></p></main>',
    )


def _served(api: Api) -> list[str]:
    """The prefixes below which there is something."""
    return [prefix for prefix in api.prefixes if any(each.path.startswith(f"{prefix}/") for each in api.operations)]


def library(apis: Sequence[Api]) -> str:
    """The list of documents."""
    items = "".join(f'<li><a href="/docs/{escape(api.name)}">{escape(api.title)}</a></li>' for api in apis)
    return _frame("Documentation", f"<main id=main tabindex=-1><h1>Documentation</h1><ul>{items}</ul></main>")


def reader(apis: Sequence[Api], name: str) -> str:
    """The reader of one document; the script fills it from openapi.json of this very server."""
    links = " ".join(
        f'<a href="/docs/{escape(api.name)}"{" aria-current=page" if api.name == name else ""}>{escape(api.name)}</a>'
        for api in apis
    )
    document = f"/{escape(name)}/openapi.json"
    body = (
        '<header><a href="/"><img src="/assets/mark.svg" alt="Start page" width=28 height=28></a>'
        f'<nav aria-label="Documentation">{links}</nav></header><main id=main tabindex=-1 class=wide>'
        f'<div id=reader data-document="{document}" aria-busy=true><p>Reading …</p></div>'
        f'<noscript><p>This page needs scripts; <a href="{document}">openapi.json</a> does not.</p></noscript></main>'
    )
    return _frame(f"{name} · documentation", body, scripts=("reader.js",))


def error(status: int, text: str) -> str:
    """A page that says what went wrong."""
    return _frame(
        str(status),
        f'<main id=main tabindex=-1><h1>{status}</h1><p>{escape(text)}</p><p><a href="/">Start</a></p></main>',
    )


__all__: list[Any] = ["encode", "error", "library", "reader", "start"]
