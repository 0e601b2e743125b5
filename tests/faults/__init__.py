"""Faults: servers, drivers and workers killed, disks filled, rows locked, topics fouled; what must hold afterwards."""
