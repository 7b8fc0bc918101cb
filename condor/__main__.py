"""`python -m condor` and the `condor` command."""

from condor.cli import main

if __name__ == "__main__":
    main()
