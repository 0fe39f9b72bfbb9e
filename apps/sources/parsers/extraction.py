"""trafilatura, loaded by those who read articles only: it costs a process 30 MB."""

from __future__ import annotations

import warnings
from copy import deepcopy

from lxml import html as lxml_html

with warnings.catch_warnings():
    # It has a downloader too, which is not used here and asks for a proxy library.
    warnings.simplefilter("ignore")
    import trafilatura
    from trafilatura.metadata import extract_metadata


def article_of(tree: lxml_html.HtmlElement, *, url: str) -> str:
    """The running text of a page as HTML with links and formatting; empty where none is found."""
    return (
        trafilatura.extract(
            deepcopy(tree),
            url=url,
            output_format="html",
            include_formatting=True,
            include_links=True,
            include_comments=False,
        )
        or ""
    )


def told_of(tree: lxml_html.HtmlElement, *, url: str) -> dict[str, str]:
    """What a page says of itself: title, author, image and date (a day), each empty where it says nothing."""
    about = extract_metadata(deepcopy(tree), default_url=url, extensive=False)
    return {name: getattr(about, name) or "" for name in ("title", "author", "image", "date")}
