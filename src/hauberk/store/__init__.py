"""The revision log: what was written, in which order, and who wants to hear of it.

    Store ──commit──► Ledger (heads, not yet durable) ──► writer thread ──► RevisionLog (sqlite or memory)
                                                             │ durable
    readers ◄── State (current objects + window of events) ◄─┴──► Broadcast ──► subscriptions (watches)

One monotonic revision counts all writes of all resources; it is the API's resourceVersion. What readers and watches see is
on disk. The package knows objects as JSON values under keys `(resource, namespace, name)`; it knows nothing of kinds, HTTP
or Kubernetes' rules. Edges: `store` (asyncio, the writer thread) and `sqlite`. Imported by `apiserver` and `runtime`.
"""
