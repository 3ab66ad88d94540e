from __future__ import annotations

from fake_engine import SETTINGS, FakeEngine

from esutd_bus.edge.wsgi_application import WsgiApplication

application = WsgiApplication(lambda: SETTINGS, FakeEngine.open)  # type: ignore[arg-type]  # a part of an Engine
