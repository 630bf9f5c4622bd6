"""python -m castlist, the same as castlist."""

from castlist.cli import main

main()
