"""The inbound side of a workload: the listener virtualInbound and the clusters to the application.

Like all of envoy/ it decides nothing and does no I/O. envoy/ assembles it; nobody else imports it.
"""
