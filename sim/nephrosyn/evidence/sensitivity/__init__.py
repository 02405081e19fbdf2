"""Which assumptions move the refractory share most."""
