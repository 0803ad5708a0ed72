"""A mypy plugin that prints each attribute of a class of the API that the checked code reads: ``FILE CLASS.FIELD``.

These are the generated classes, and the ones of :mod:`specstep_flows.models` that the gateway makes of them.
"""

from __future__ import annotations

from collections.abc import Callable

from mypy.plugin import AttributeContext, Plugin
from mypy.types import Type

MODELS = ("specstep_client.models.", "specstep_flows.models.")


class ReadsPlugin(Plugin):
    """Takes part in the lookup of attributes and changes nothing about it."""

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        """Mypy asks for this at each attribute, by the full name of the class that has it."""
        if not fullname.startswith(MODELS):
            return None

        def told(context: AttributeContext) -> Type:
            if not context.is_lvalue:
                kind, field = fullname.split(".")[-2:]
                print(context.api.path, fullname.partition(".")[0], f"{kind}.{field}")
            return context.default_attr_type

        return told


def plugin(version: str) -> type[Plugin]:
    """What mypy looks for in a plugin."""
    return ReadsPlugin
