"""The training recipe of Longleaf Mini. See README.md in this folder."""
