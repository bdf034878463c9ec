"""What the API server asks of the node over node.sock: logs, exec, a way to pods' ports.

`remotecommand` is pure; `exec_session`, `app` and `serve` do the I/O. Must not decide anything about pods. Only `hauberk.node`
imports it.
"""
