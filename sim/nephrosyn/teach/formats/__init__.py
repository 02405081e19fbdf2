"""Export formats for cases, one module each; `registry` lists them."""
