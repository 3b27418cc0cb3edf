"""gRPC servers on the loopback interface."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

_MAX_MESSAGE_BYTES = 400 * 1024 * 1024  # the limit of the engine
MESSAGE_LIMITS = [
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
]


@contextmanager
def serving(add_to_server, servicer):
    """Serve inside the block; yields the port."""
    server = grpc.server(ThreadPoolExecutor(16), options=MESSAGE_LIMITS)
    add_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0)
