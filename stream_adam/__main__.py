"""`python -m stream_adam`: the command line."""

from stream_adam.cli import program

if __name__ == "__main__":
    program()
