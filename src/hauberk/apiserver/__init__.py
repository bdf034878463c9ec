"""The embedded Kubernetes API: REST over HTTPS on the store, good enough that kubectl, k9s, oc and client libraries do not notice.

    bytes ─► app ─► authenticate ─► authorize ─► dispatch ─► verbs/ , subresources/ ─► admission ─► Kind.complete, Kind.validate
                                                     │                                                          │
                                       present ◄── Reply ◄──────────────────── store (durable) ◄── Change ◄─────┘

Holds HTTP's side of the API, access to it, and what an API server does on its own (garbage collection, namespaces that are
emptied, events that expire). It must not know meshes, nodes or controllers: they are its clients. Edges: `app`, `streams`,
`serve`, `collector`, `keystore` and `subresources.node`; all else does no I/O. Imported by `runtime` only.
"""
