"""`python -m livingmeta` is the command `livingmeta`."""

from livingmeta.cli import main

if __name__ == "__main__":
    main(prog_name="livingmeta")
