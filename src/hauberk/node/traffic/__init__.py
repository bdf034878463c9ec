"""Names and ways for traffic: DNS for pods, and the router from the host's port to Routes.

`dns`, `routes`, `heads`, `balance` and `policies` are pure; `dns_server` and `router` do the I/O. Must not know how pods run.
Only `hauberk.node` imports it.
"""
