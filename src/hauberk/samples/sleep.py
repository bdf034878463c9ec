"""`hauberk/sleep`: does nothing, for as long as it is told or for ever; a place to run commands in.

python -m hauberk.samples.sleep [SECONDS]
"""

import signal
import sys

__all__ = ["main"]


def main() -> None:
    """Wait for SIGTERM, SIGINT, or the end of the time."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # so that they are waited for, whatever PID we have
    if len(sys.argv) > 1 and sys.argv[1] != "infinity":
        signal.sigtimedwait(signals, float(sys.argv[1]))
    else:
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
