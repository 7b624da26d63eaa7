"""The command line: `stream-adam run | plot | serve | list | verify`."""

from stream_adam.cli.main import main

__all__ = ["main"]
