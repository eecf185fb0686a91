"""Pages of this API: two request headers ask for one, three response headers say how to go on.

`x-page` is the number of a page or the token of one, as it was answered before; tokens stay right while rows are added.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.pages import PageRequest, Pages

PAGE_SIZE = 25
MAX_PAGE = 250
PAGED = Pages.NUMBER | Pages.CURSOR
HEADERS = {200: ("x-page", "x-page-size", "x-count")}

PageToken = Annotated[str, Meta(max_length=2000)]
PageSize = Annotated[int, Meta(ge=1)]


class PageHeaders(Struct, rename={"page": "x-page", "size": "x-page-size"}):
    """The headers of a list that is answered whole unless a page of it is asked for."""

    page: PageToken | UnsetType = UNSET
    size: PageSize | UnsetType = UNSET


def page_request(page: str, size: int) -> PageRequest:
    """What the two headers mean. Raises Invalid for page 0."""
    size = min(size, MAX_PAGE)
    if page.isascii() and page.isdigit() and len(page) < 10:
        if page == "1":
            return PageRequest(size=size, cursor="", total=True)
        if int(page) < 1:
            raise Invalid("A page number is 1 or more.", field="x-page", where="header")
        return PageRequest(size=size, number=int(page), total=True)
    return PageRequest(size=size, cursor=page, total=True)


def page_of_search(headers: PageHeaders, *, is_narrowed: bool) -> PageRequest:
    """Everything that a search finds, unless a page is asked for or the search has no condition at all."""
    if headers.page is UNSET and headers.size is UNSET and is_narrowed:
        return PageRequest()
    return page_request(
        "1" if headers.page is UNSET else headers.page, PAGE_SIZE if headers.size is UNSET else headers.size
    )
