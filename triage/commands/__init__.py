"""What the command line takes and prints, a module for each command."""
