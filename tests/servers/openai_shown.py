"""The objects that the OpenAI stand-in answers with."""

from __future__ import annotations

import time
from typing import Any

from tests.servers.openai_words import tokens

REFUSAL = "I'm sorry, but I can't help with that."


def show_response(body: dict[str, Any], answer: str, prompt: str, *, fault: str, number: int) -> dict[str, Any]:
    """An object of /v1/responses."""
    content: dict[str, Any] = {"type": "output_text", "text": answer, "annotations": [], "logprobs": []}
    if fault == "refusal":
        content = {"type": "refusal", "refusal": REFUSAL}
    status = "incomplete" if fault == "incomplete" else "completed"
    message = {
        "id": f"msg_{number:08d}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [content],
    }
    spent, made = tokens(prompt), tokens(answer)
    return {
        "id": f"resp_{number:08d}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if fault == "incomplete" else None,
        "instructions": body.get("instructions"),
        "metadata": {},
        "model": body["model"],
        "output": [message],
        "parallel_tool_calls": True,
        "temperature": body.get("temperature", 1.0),
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "text": body.get("text") or {"format": {"type": "text"}},
        "usage": {
            "input_tokens": spent,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": spent + made,
        },
    }


def show_completion(body: dict[str, Any], answer: str, prompt: str, *, fault: str, number: int) -> dict[str, Any]:
    """An object of /v1/chat/completions."""
    spent, made = tokens(prompt), tokens(answer)
    refused = fault == "refusal"
    message = {
        "role": "assistant",
        "content": None if refused else answer,
        "refusal": REFUSAL if refused else None,
        "annotations": [],
    }
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "length" if fault == "incomplete" else "stop",
    }
    return {
        "id": f"chatcmpl-{number:08d}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [choice],
        "usage": {
            "prompt_tokens": spent,
            "completion_tokens": made,
            "total_tokens": spent + made,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "fp_stand_in",
    }
