"""Setup for all tests written in Python."""

from __future__ import annotations

import signal

# If a shell starts the tests in the background, SIGINT is ignored, and child processes inherit that. Restore the handler,
# because some tests interrupt a child with SIGINT.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
