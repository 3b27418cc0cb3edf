"""`python -m teei_finops`: the same as the console command `teei-finops`."""

from teei_finops.cli import run

if __name__ == "__main__":
    run()
