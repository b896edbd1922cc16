"""Become another program: a Python script that starts ``bash``."""
import os
import sys

if __name__ == '__main__':
    os.execvp(sys.argv[1], sys.argv[1:])
