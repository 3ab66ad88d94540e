"""The application for WSGI hosts: `gunicorn esutd_bus.wsgi:application`. Messages go through spyne.

The ASGI application (`esutd_bus.edge.asgi`) is the default: it is faster and outlasts slow clients.
"""

from __future__ import annotations

from esutd_bus.edge.wsgi_application import WsgiApplication
from esutd_bus.node import open_node
from esutd_bus.settings import Settings

application = WsgiApplication(Settings, open_node)
