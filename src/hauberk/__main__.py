"""`python -m hauberk`: the same as the command `hauberk`."""

from hauberk.cli import main

if __name__ == "__main__":
    main()
