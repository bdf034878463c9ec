"""The kernel's side of the node: namespaces, links, nftables, and the sandbox that a container runs in.

Holds: what is decided (`environment`, `nftables`, `redirect`, `vips`, `sandbox`: pure values and functions) and what
performs it (`syscalls`, `namespaces`, `network`, `launch`, `container`: ctypes and netlink; no ip, nft, mount or unshare
binary is used). It must not know objects of the API; only `hauberk.node` and `hauberk.runtime` may import it.

Processes, from the outside in:

    supervisor > stub (waits, host PID namespace) > init (PID 1 of the node, reaps) > node (PID 2, asyncio)
                                                                                       > container (PID 1 of its own)
"""
