import sys

# The package under test is the one beside this folder, and leaves nothing behind.
sys.dont_write_bytecode = True
