"""Why `serve` does not start."""


class StartError(Exception):
    """The server cannot start; the message says why in one line."""
