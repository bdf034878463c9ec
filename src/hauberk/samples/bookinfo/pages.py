"""The HTML of Bookinfo's productpage: pure functions from what the services said to a page. Markup and style are ours."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

__all__ = ["STYLE", "Book", "Fetched", "render_index", "render_product"]

TITLE: Final = "Simple Bookstore App"
"""What everybody greps for."""

STYLE: Final = """
:root{--ink:#1d2433;--quiet:#5d6880;--line:#dfe4ee;--paper:#fff;--ground:#f4f6fb;--accent:#2456d6;--bad:#b3261e;--badground:#fdecea}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
header{display:flex;gap:1rem;align-items:center;padding:.9rem 2rem;background:var(--ink);color:#fff}
header a{color:#fff;font-weight:600;text-decoration:none;margin-right:auto}
header form{display:flex;gap:.5rem}
input,button{font:inherit;padding:.25rem .7rem;border:1px solid var(--line);border-radius:6px}
button{background:var(--accent);border-color:var(--accent);color:#fff;cursor:pointer}
main{max-width:68rem;margin:2rem auto;padding:0 1rem}
h1{margin:0 0 .5rem;font-size:2rem}
h2{margin:0 0 .8rem;font-size:1.15rem}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1.5rem;margin-top:1.5rem}
section{padding:1.3rem;background:var(--paper);border:1px solid var(--line);border-radius:12px}
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1.2rem;margin:0}
dt{color:var(--quiet)}
dd{margin:0}
blockquote{margin:0 0 1.2rem;padding-left:1rem;border-left:3px solid var(--line)}
cite{display:block;color:var(--quiet);font-style:normal}
.stars{font-size:1.3rem;letter-spacing:.1em}
.missing{opacity:.25}
.served{margin:0;color:var(--quiet);font-size:.9rem}
.served b{padding:.1rem .5rem;border-radius:99px;background:var(--accent);color:#fff}
.error{background:var(--badground);border-color:var(--bad);color:var(--bad)}
table{border-collapse:collapse}
td,th{padding:.3rem 1.5rem .3rem 0;text-align:left}
"""


class Book(NamedTuple):
    """A product of the store."""

    id: int
    title: str
    description: str


class Fetched(NamedTuple):
    """What a service answered: its status, and its JSON, or `{"error": ...}` where it did not answer well."""

    status: int
    value: Mapping[str, object]

    @property
    def ok(self) -> bool:
        """Whether it can be shown."""
        return self.status == 200


def render_index() -> str:
    """The start page: what there is to see."""
    rows = (
        ("/productpage", "the page: a book, its details, its reviews"),
        ("/api/v1/products", "the books"),
        ("/api/v1/products/0", "details of a book"),
        ("/api/v1/products/0/reviews", "its reviews"),
        ("/api/v1/products/0/ratings", "its stars"),
        ("/health", "whether this service is well"),
    )
    body = "".join(f'<tr><td><a href="{path}">{path}</a></td><td>{what}</td></tr>' for path, what in rows)
    return _page(f"<h1>Bookinfo</h1><section><h2>Four services, one page</h2><table>{body}</table></section>", user="")


def render_product(book: Book, details: Fetched, reviews: Fetched, *, user: str) -> str:
    """The page of one book; a service that failed is named in its place."""
    head = f"<h1>{escape(book.title)}</h1><p>{escape(book.description)}</p>"
    return _page(f'{head}<div class="columns">{_details(details)}{_reviews(reviews)}</div>', user=user)


def _page(body: str, *, user: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\n'
        f'<title>{TITLE}</title>\n<link rel="stylesheet" href="/static/bookinfo.css"></head>\n'
        f'<body><header><a href="/productpage">Bookinfo</a>{_sign_in(user)}</header>\n<main>{body}</main></body></html>\n'
    )


def _sign_in(user: str) -> str:
    if user:
        return f'<span>{escape(user)}</span><form action="/logout"><button>Sign out</button></form>'
    return '<form method="post" action="/login"><input name="username" placeholder="user name" required><button>Sign in</button></form>'


def _details(details: Fetched) -> str:
    if not details.ok:
        return _error("Error fetching product details!", details)
    names = ("author", "year", "type", "pages", "publisher", "language", "ISBN-10", "ISBN-13")
    rows = "".join(f"<dt>{name}</dt><dd>{escape(str(details.value.get(name, '')))}</dd>" for name in names)
    return f"<section><h2>Book details</h2><dl>{rows}</dl></section>"


def _reviews(reviews: Fetched) -> str:
    if not reviews.ok:
        return _error("Error fetching product reviews!", reviews)
    version, pod = escape(str(reviews.value.get("version") or "?")), escape(str(reviews.value.get("podname") or "?"))
    entries = reviews.value.get("reviews")
    shown = "".join(_review(entry) for entry in entries if isinstance(entry, Mapping)) if isinstance(entries, Sequence) else ""
    served = f'<p class="served">Reviews served by <b data-version="{version}">reviews {version}</b> {pod}</p>'
    return f"<section><h2>Book reviews</h2>{shown}{served}</section>"


def _review(review: Mapping[str, object]) -> str:
    text, reviewer = escape(str(review.get("text", ""))), escape(str(review.get("reviewer", "")))
    return f"<blockquote>{text}<cite>{reviewer}</cite>{_rating(review.get('rating'))}</blockquote>"


def _rating(rating: object) -> str:
    if not isinstance(rating, Mapping):
        return ""
    if "error" in rating:
        return f'<p class="error">{escape(str(rating["error"]))}</p>'
    stars = rating.get("stars")
    count = min(max(stars, 0), 5) if isinstance(stars, int) else 0
    color = escape(str(rating.get("color", "black")))
    missing = f'<span class="missing">{"★" * (5 - count)}</span>'
    return f'<span class="stars {color}" style="color:{color}" title="{count} of 5">{"★" * count}{missing}</span>'


def _error(heading: str, fetched: Fetched) -> str:
    return f'<section class="error"><h2>{heading}</h2><p>{escape(str(fetched.value.get("error", "")))}</p></section>'
