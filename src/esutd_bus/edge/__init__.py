"""HTTP: the ASGI application and the spyne binding for WSGI hosts."""
