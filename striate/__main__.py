"""`python -m striate` is `striate`."""

from striate.start import main

main()
