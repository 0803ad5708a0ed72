"""The account and what the service accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specstep_flows._lazy import LazyModule
from specstep_flows._surface_async.base import Base
from specstep_flows.states import DEFAULT_PROFILE

if TYPE_CHECKING:
    from specstep_flows import gateway, models
    from specstep_flows.flows import estimate
    from specstep_flows.models import Profile
else:
    estimate = LazyModule("specstep_flows.flows.estimate")
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

    async def estimate_generation(self, profile: Profile | None = None) -> models.ServiceEstimate:
        """What the service expects a generation to cost, from your account's history; nothing is started.

        ``profile`` as for ``run``. REST has no estimate, so this asks the service's MCP endpoint with the same key. How
        that answers is an assumption: whatever it says that cannot be understood is an estimate without figures, whose
        ``reason`` says why.

        POST /mcp

        Raises:
            NotConnected: the service cannot be reached.
        """
        return await self._drive(estimate.estimate_generation(profile or self.settings.profile or DEFAULT_PROFILE))
