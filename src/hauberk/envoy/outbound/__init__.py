"""The outbound side: clusters, endpoints, listeners and routes of sidecars, and what gateways serve.

Like all of envoy/ it decides nothing and does no I/O. envoy/ assembles it; nobody else imports it.
"""
