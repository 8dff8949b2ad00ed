"""What all tests written in Python share."""

from __future__ import annotations

import signal

# A shell that starts the tests in the background has SIGINT ignored, and programs would inherit that: those that tests
# interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
