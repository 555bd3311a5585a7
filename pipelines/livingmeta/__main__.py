"""`python -m livingmeta` is the command `livingmeta`."""

from livingmeta.cli import run

if __name__ == "__main__":
    run()
