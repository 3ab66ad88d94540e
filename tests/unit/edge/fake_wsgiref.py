"""The standard library's WSGI server with the fake application: PORT. It does not end a body by itself."""

from __future__ import annotations

import sys
from wsgiref.simple_server import make_server

from fake_wsgi import application

if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), application).serve_forever()
