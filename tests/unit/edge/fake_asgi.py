from __future__ import annotations

import os
import time

from fake_engine import SETTINGS, FakeEngine

from esutd_bus.edge.asgi_application import AsgiApplication

time.sleep(float(os.environ.get("EDGE_TEST_IMPORT_SECONDS", "0")))

application = AsgiApplication(lambda: SETTINGS, FakeEngine.open)  # type: ignore[arg-type]  # a part of an Engine
