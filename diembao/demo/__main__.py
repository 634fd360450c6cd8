"""`python -m diembao.demo`: run the demo press by itself until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from diembao.demo.demo_press import DemoPress
from diembao.errors import DiembaoError


def main() -> int:
    """Print the addresses, serve until interrupted; 0 then, 1 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m diembao.demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="the control's port; papers follow it (default: any free)")
    parser.add_argument("--sources", type=Path, help="write source files into this directory")
    asked = parser.parse_args()
    stopped = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda number, frame: stopped.set())
    try:
        with DemoPress().start(asked.host, asked.port) as press:
            if asked.sources:
                press.write_sources(asked.sources)
            for name, address in press.addresses.items():
                sys.stdout.write(
                    f"{address}  {press.papers[name].title} ({name}), {len(press.articles(name))} articles\n"
                )
            sys.stdout.write(f"{press.control_address}  control\nCtrl-C stops the press.\n")
            sys.stdout.flush()
            stopped.wait()
    except DiembaoError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
