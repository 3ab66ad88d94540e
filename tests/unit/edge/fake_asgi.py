from __future__ import annotations

from fake_engine import SETTINGS, FakeEngine

from esutd_bus.edge.asgi_application import AsgiApplication

application = AsgiApplication(lambda: SETTINGS, FakeEngine.open)  # type: ignore[arg-type]  # a part of an Engine
