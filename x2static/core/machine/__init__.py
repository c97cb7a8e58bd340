"""The machine: devices, threads, memory, signals."""
