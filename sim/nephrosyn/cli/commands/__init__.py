"""The commands, one module for each group; each calls the package and hands the result to the console."""
