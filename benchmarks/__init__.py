"""Every speed claim as a command that prints one JSON line last: name, value, unit, peer, peer_value, ratio."""
