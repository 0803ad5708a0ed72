"""The account and what the service accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface_async.base import Base

if TYPE_CHECKING:
    from specstep_flows import gateway, models
else:
    gateway = LazyModule("specstep_flows.gateway")


class AccountMethods(Base):
    """The account, its quota, and what the service accepts."""

    async def get_account(self) -> models.Account:
        """Whose key it is; the cheapest way to verify it. GET /v1/me"""
        return await self._drive(gateway.get_me())

    async def get_usage(self) -> models.Usage:
        """The quota: used, left, and when it resets. GET /v1/usage"""
        return await self._drive(gateway.get_usage())

    async def get_capabilities(self) -> models.Capabilities:
        """The profiles, project types and mirror selections that the service accepts. GET /v1/capabilities"""
        return await self._drive(gateway.get_capabilities())
