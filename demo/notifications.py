"""The receivers of Alertmanager in the demo: every notification is a line on the terminal."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def notifications(listens: int, show: Callable[[str], None]) -> Iterator[None]:
    """Serves the webhooks /<receiver> on a port of 127.0.0.1; `show` gets a line for each alert."""

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            for alert in message["alerts"]:
                show(notification_line(self.path.strip("/"), alert))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Logs no request."""

    with ThreadingHTTPServer(("127.0.0.1", listens), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def notification_line(receiver: str, alert: dict[str, Any]) -> str:
    """Which receiver is notified of which alert."""
    summary = " ".join(alert["annotations"]["summary"].split())
    return f"  {receiver:<22} {alert['status']:<9} {alert['labels']['alertname']}: {summary}"
