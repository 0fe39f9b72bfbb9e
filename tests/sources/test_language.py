"""The language of a post."""

from __future__ import annotations

import pytest

from apps.sources.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("В порту загорелся склад, пожарные тушат его второй час.", "ru"),
        ("Компания Apple показала iPhone 16 Pro Max и MacBook Air", "ru"),
        ("У порту загорівся склад, пожежники гасять його вже другу годину.", "uk"),
        ("У порце загарэўся склад, пажарныя тушаць яго другую гадзіну.", "be"),
        ("Порттағы қойма өртенді, өрт сөндірушілер жұмыс істеуде.", "kk"),
        ("Пожарникарите казаха, че пожарът в склада ще се гаси през нощта.", "bg"),
        ("The warehouse in the port is on fire and the brigade is at work.", "en"),
        ("Das Lagerhaus im Hafen brennt, und die Feuerwehr ist vor Ort.", "de"),
        ("L'entrepôt du port est en feu et les pompiers sont sur place.", "fr"),
        ("El almacén del puerto está en llamas y los bomberos trabajan.", "es"),
        ("港の倉庫が燃えています", "ja"),
        ("항구 창고에 불이 났습니다", "ko"),
        ("🔥🔥🔥 100 %", ""),
        ("https://example.org/some/long/address", ""),
        ("", ""),
    ],
)
def test_language_is_found(text: str, language: str) -> None:
    assert language_of(text) == language
