"""How much one user may ask of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)


class Throttle(UserRateThrottle):
    """A limit for one user, or one address of somebody unknown. Without its cache it limits nobody."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; False where it is one too many."""
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as exc:
            log.warning("api.limit_unavailable", error=str(exc))
            return True
