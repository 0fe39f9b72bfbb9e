"""Where a workspace's drafts are written, and what tokens cost there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from django.conf import settings

from apps.accounts.models import Workspace

MILLION = Decimal(1_000_000)
SMALLEST_USD = Decimal("0.000001")


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible endpoint with all that asking it needs.

    Attributes:
        is_own: a workspace typed the address, so it is reached under guard.
        proxy: an HTTP or SOCKS proxy of the installation, or empty.
        price_input_usd, price_output_usd: of a million tokens, for the ledger.
    """

    url: str
    key: str
    model: str
    temperature: float
    is_own: bool
    proxy: str
    timeout_s: float
    price_input_usd: Decimal
    price_output_usd: Decimal


def endpoint_of(workspace: Workspace) -> Endpoint:
    """The endpoint of a workspace; the installation's key never goes to an address that a workspace typed."""
    own = workspace.ai_api_url.rstrip("/")
    is_own = bool(own) and own != settings.AI_API_URL
    return Endpoint(
        url=own or settings.AI_API_URL,
        key=workspace.ai_api_key or ("" if is_own else settings.AI_API_KEY),
        model=workspace.ai_model or settings.AI_MODEL,
        temperature=settings.AI_TEMPERATURE,
        is_own=is_own,
        proxy=settings.AI_PROXY,
        timeout_s=settings.AI_TIMEOUT_S,
        price_input_usd=Decimal(str(settings.AI_PRICE_INPUT_USD)),
        price_output_usd=Decimal(str(settings.AI_PRICE_OUTPUT_USD)),
    )


def cost_of(endpoint: Endpoint, *, input_tokens: int, output_tokens: int) -> Decimal:
    """What tokens cost at an endpoint, rounded up to a millionth of a dollar."""
    exact = (input_tokens * endpoint.price_input_usd + output_tokens * endpoint.price_output_usd) / MILLION
    return exact.quantize(SMALLEST_USD, rounding=ROUND_UP)
