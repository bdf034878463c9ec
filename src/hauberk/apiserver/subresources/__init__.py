"""What hangs below an object's path or is asked of the API without being stored: scale, binding, token, logs, exec, proxy, reviews.

Pure but for `node`, which talks to the node over its unix socket. Imported by `apiserver.dispatch` and `apiserver.app`.
"""
