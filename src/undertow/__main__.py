"""`python -m undertow`: the command line; `torchrun -m undertow train …` is how several processes train."""

from undertow.cli import main

if __name__ == "__main__":
    main()
