"""The ASGI application, for the HTTP server of `esutd-bus serve` or any other with a lifespan."""

from __future__ import annotations

from esutd_bus.edge.asgi_application import AsgiApplication
from esutd_bus.node import open_node
from esutd_bus.settings import Settings

application = AsgiApplication(Settings, open_node)
