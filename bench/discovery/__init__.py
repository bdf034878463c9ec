"""Parts of bench/xds.py: the mesh, the servers (ours, and the floor), and the simulated proxies."""
