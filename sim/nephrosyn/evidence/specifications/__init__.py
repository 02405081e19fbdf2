"""The refractory share under every combination of choices that an analyst has to make: a specification curve."""
