"""The command line: `app` holds the program, `commands` the commands, `console` what they print."""
