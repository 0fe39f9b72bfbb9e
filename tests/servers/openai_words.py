"""What the OpenAI stand-in "writes": deterministic answers made of the input's own words."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

SENTENCE = re.compile(r"[^.!?…\n]{12,}[.!?…]?")
WORD = re.compile(r"[^\W\d_]{5,}")


class SchemaError(Exception):
    """A schema that strict structured output refuses; its text is OpenAI's."""


def sentences(text: str) -> list[str]:
    """The input's sentences, in order; the input itself where it has none."""
    return [found.strip() for found in SENTENCE.findall(text)] or [text.strip() or "…"]


def tokens(text: str) -> int:
    """About as many tokens as a model would count."""
    return max(1, len(text.encode()) // 4)


def check_strict(schema: dict[str, Any], place: str = "()") -> None:
    """Refuse what OpenAI refuses of a strict schema.

    Raises:
        SchemaError: an object lets more in than it names, or does not require all of it.
    """
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            raise SchemaError(f"In context={place}, 'additionalProperties' is required to be supplied and to be false.")
        missing = [name for name in properties if name not in schema.get("required", [])]
        if missing:
            raise SchemaError(
                f"In context={place}, 'required' is required to be supplied and to be an array including every key "
                f"in properties. Missing '{missing[0]}'."
            )
        for name, inner in properties.items():
            check_strict(inner, f"('properties', '{name}')")
    if isinstance(schema.get("items"), dict):
        check_strict(schema["items"], f"{place}, 'items'")
    for inner in schema.get("$defs", {}).values():
        check_strict(inner, "('$defs',)")


def written(text: str, schema: dict[str, Any] | None) -> str:
    """The answer: prose, or JSON that fits the schema."""
    if schema is None:
        return " ".join(sentences(text)[:3])
    return json.dumps(value_for(schema, "", sentences(text), schema), ensure_ascii=False)


def value_for(schema: dict[str, Any], name: str, said: list[str], root: dict[str, Any]) -> Any:
    """A value that fits a schema, of the input's words."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return value_for(schema[choice][0], name, said, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = next(each for each in kind if each != "null") if isinstance(kind, list) else kind
    if kind == "object":
        return {key: value_for(inner, key, said, root) for key, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return items_for(schema, said, root)
    if kind in {"integer", "number"}:
        return max(schema.get("minimum", 0), len(said))
    return True if kind == "boolean" else string_for(schema, name, said)


def items_for(schema: dict[str, Any], said: list[str], root: dict[str, Any]) -> list[Any]:
    """Up to three items: the commonest words, or values of the items' own schema."""
    inner = schema.get("items", {"type": "string"})
    count = min(schema.get("maxItems", 3), max(3, schema.get("minItems", 0)))
    if inner.get("type") == "string" and "enum" not in inner:
        common = Counter(word.lower() for sentence in said for word in WORD.findall(sentence))
        words = sorted(common, key=lambda word: (-common[word], word))[:count]
        return words + ["…"] * max(0, schema.get("minItems", 0) - len(words))
    return [value_for(inner, "", said[place : place + 1] or said, root) for place in range(count)]


def string_for(schema: dict[str, Any], name: str, said: list[str]) -> str:
    """A sentence for short fields, several for long ones."""
    lengths = {"title": (1, 90), "headline": (1, 90), "lead": (2, 300), "summary": (2, 300)}
    count, longest = lengths.get(name, (8, 4000))
    text = ("\n\n" if count > 2 else " ").join(said[:count])
    if name in {"title", "headline"}:
        text = text.rstrip(".…")
    return text[: min(longest, schema.get("maxLength", longest))]
