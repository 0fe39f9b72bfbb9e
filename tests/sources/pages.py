"""Pages of an invented newspaper."""

from __future__ import annotations

WORDS = (
    "Вчера вечером в порту вымышленного города Северодол загорелся склад с бумагой. "
    "Пожарные приехали через восемь минут и тушили огонь до самого утра, никто не пострадал. "
)


def listing(names: list[str], *, kind: str = "title", path: str = "/news/") -> str:
    """A list page: a menu, then a heading with a link for each name."""
    menu = "".join(f'<li><a href="/part/{n}">Раздел {n} нашей газеты</a></li>' for n in range(9))
    heads = "".join(
        f'<div class="item item-{n}"><h2 class="{kind}"><a href="{path}{name}.html?utm_source=main#top">'
        f"Что случилось в городе: {name}</a></h2><a href='{path}{name}.html'>Читать</a></div>"
        for n, name in enumerate(names)
    )
    return (
        f"<html><head><title>Газета</title></head><body><nav><ul>{menu}</ul></nav>"
        f'<main class="feed">{heads}</main><footer><a href="/about">О нас</a></footer></body></html>'
    )


def article(title: str, *, head: str = "", body: str = WORDS * 3, more: str = "") -> str:
    """An article in the middle of a page."""
    return (
        f"<html><head><title>{title} — Газета</title>{head}</head><body><nav>меню меню</nav>"
        f"<article><h1>{title}</h1><p>{body}</p>{more}</article><footer>Все права у выдумщиков</footer></body></html>"
    )
