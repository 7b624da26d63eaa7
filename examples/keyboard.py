"""A run under the keys of a terminal: p plays and pauses, a space is one tick, + and - change the rate, q ends it.

The keys are read in a thread, as any library that listens to a keyboard does; a transport takes them from there.

    python examples/keyboard.py
"""

import sys
from threading import Thread

from stream_adam import Transport, iterate

try:
    import termios
    import tty
except ImportError:  # on Windows a key needs Enter after it
    termios = None  # type: ignore[assignment]


def listen(transport: Transport, over: list[bool]) -> None:
    """Turn each key into what it stands for."""
    while key := sys.stdin.read(1):
        if key == "q":
            over.append(True)
            transport.play()
            return
        if key == "p":
            (transport.play if transport.paused else transport.pause)()
        elif key == " ":
            transport.step()
        elif key in "+-" and transport.rate is not None:
            transport.rate *= 2.0 if key == "+" else 0.5


def main() -> None:
    """Print a line a tick."""
    transport, over = Transport(rate=4), list[bool]()
    is_terminal = termios is not None and sys.stdin.isatty()
    before = termios.tcgetattr(sys.stdin) if is_terminal else None
    if is_terminal:
        tty.setcbreak(sys.stdin)
    Thread(target=listen, args=(transport, over), daemon=True).start()
    try:
        for state in iterate("swinging_soft() + normal(0.5)", "adam", seed=1, transport=transport):
            if over:
                break
            print(f"tick {state.t:4}   g {state.g:7.3f}   direction {state.direction:6.3f}", flush=True)
    finally:
        if before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


if __name__ == "__main__":
    main()
