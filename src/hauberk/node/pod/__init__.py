"""One pod: its life as a state machine, its status, probes, environment and volumes; `runner` performs what the machine decides.

Pure but for `runner`, `prober` and `logs`, which touch processes, sockets and files. Must not know of Services, DNS or the
node's own HTTP server. Only `hauberk.node` imports it.
"""
