"""A client that opens the page at the URL of its first argument, says that it is seen, and never reads again."""

import sys

from bokeh.client import pull_session


def main() -> None:
    session = pull_session(url=sys.argv[1], arguments={"rate": "5000"})
    session.document.get_model_by_name("visible").active = True
    session.force_roundtrip()  # the client sends only while it waits for something
    print("seen", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
