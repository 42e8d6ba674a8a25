"""One module for each command: it parses options, calls one function, and prints one result."""
