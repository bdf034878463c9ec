"""Sends nftables operations as one transaction, by netlink; pyroute2 encodes the messages.

pyroute2's own calls make a transaction of each operation and do not say which of several the kernel refused, so the few
lines that send and read answers are ours. Source: linux/netfilter/nfnetlink.h, nf_tables.h.
"""

import os
import socket
import struct
from collections.abc import Sequence
from typing import Any, Final

from pyroute2.netlink import NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST
from pyroute2.netlink.nfnetlink import NFNL_SUBSYS_NFTABLES, nfgen_msg
from pyroute2.netlink.nfnetlink import nftsocket as messages
from pyroute2.nftables.expressions import genex

from hauberk.errors import BugError
from hauberk.node.linux import nftables as nft

__all__ = ["apply_nftables"]

_NETLINK_NETFILTER: Final = 12
_NLMSG_ERROR: Final = 2
_BATCH_BEGIN: Final = 0x10
_BATCH_END: Final = 0x11


def apply_nftables(operations: Sequence[nft.Operation]) -> None:
    """Send one transaction to the calling thread's network namespace: all of it takes effect, or nothing.

    Raises: BugError - the kernel refused an operation, which is named.
    """
    if not operations:
        return
    parts = [_envelope(_BATCH_BEGIN, 0)]
    parts += [_encode(operation, number, ack=number == len(operations)) for number, operation in enumerate(operations, 1)]
    parts.append(_envelope(_BATCH_END, len(operations) + 1))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER) as netlink:
        netlink.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        netlink.bind((0, 0))
        netlink.send(b"".join(parts))
        while (answer := _first_answer(netlink.recv(1 << 16), len(operations))) is None:
            pass
    number, error = answer
    if error:
        refused = operations[number - 1] if 0 < number <= len(operations) else "the transaction"
        raise BugError(f"nftables refused {refused}: {os.strerror(error)} (errno {error}). Is the kernel without nf_tables NAT?")


def _first_answer(data: bytes, last: int) -> tuple[int, int] | None:
    """(operation's number, errno) of the first refusal in `data`, or of the last operation's acknowledgement."""
    offset = 0
    while offset + 20 <= len(data):
        length, kind, _flags, sequence, _pid, error = struct.unpack_from("=IHHIIi", data, offset)
        if kind == _NLMSG_ERROR and (error or sequence == last):
            return sequence, -error
        offset += (length + 3) & ~3
    return None


def _envelope(kind: int, sequence: int) -> bytes:
    message = nfgen_msg()
    message["res_id"] = NFNL_SUBSYS_NFTABLES
    return _finish(message, kind, NLM_F_REQUEST, sequence)


def _finish(message: Any, kind: int, flags: int, sequence: int) -> bytes:
    message["header"]["type"] = kind
    message["header"]["flags"] = flags
    message["header"]["sequence_number"] = sequence
    message.encode()
    return bytes(message.data)


def _encode(operation: nft.Operation, sequence: int, *, ack: bool) -> bytes:
    make, kind, flags, attributes = _describe(operation)
    message = make()
    message["nfgen_family"] = socket.AF_INET
    message["attrs"] = attributes
    flags |= NLM_F_REQUEST | (NLM_F_ACK if ack else 0)
    return _finish(message, NFNL_SUBSYS_NFTABLES << 8 | kind, flags, sequence)


def _describe(operation: nft.Operation) -> tuple[Any, int, int, list[Any]]:  # noqa: PLR0911 - one line an operation
    """Message class, type, flags and attributes of an operation, in pyroute2's words."""
    create = NLM_F_CREATE
    match operation:
        case nft.AddTable():
            return messages.nft_table_msg, messages.NFT_MSG_NEWTABLE, create, [("NFTA_TABLE_NAME", nft.TABLE)]
        case nft.AddChain():
            return messages.nft_chain_msg, messages.NFT_MSG_NEWCHAIN, create, _chain(operation)
        case nft.FlushChain(name):
            return messages.nft_rule_msg, messages.NFT_MSG_DELRULE, 0, [("NFTA_RULE_TABLE", nft.TABLE), ("NFTA_RULE_CHAIN", name)]
        case nft.DeleteChain(name):
            return messages.nft_chain_msg, messages.NFT_MSG_DELCHAIN, 0, [("NFTA_CHAIN_TABLE", nft.TABLE), ("NFTA_CHAIN_NAME", name)]
        case nft.Rule(chain, expressions):
            attributes = [
                ("NFTA_RULE_TABLE", nft.TABLE),
                ("NFTA_RULE_CHAIN", chain),
                ("NFTA_RULE_EXPRESSIONS", [_expression(e) for e in expressions]),
            ]
            return messages.nft_rule_msg, messages.NFT_MSG_NEWRULE, create | NLM_F_APPEND, attributes
        case nft.AddSet():
            return messages.nft_set_msg, messages.NFT_MSG_NEWSET, create, _set(operation)
        case nft.DeleteSet(name):
            return messages.nft_set_msg, messages.NFT_MSG_DELSET, 0, [("NFTA_SET_TABLE", nft.TABLE), ("NFTA_SET_NAME", name)]
        case nft.AddElement(set_name, key, verdict):
            return messages.nft_set_elem_list_msg, messages.NFT_MSG_NEWSETELEM, create, _element(set_name, key, verdict)
        case nft.DeleteElement(set_name, key):
            return messages.nft_set_elem_list_msg, messages.NFT_MSG_DELSETELEM, 0, _element(set_name, key, None)


def _chain(operation: nft.AddChain) -> list[Any]:
    attributes: list[Any] = [("NFTA_CHAIN_TABLE", nft.TABLE), ("NFTA_CHAIN_NAME", operation.name)]
    if operation.hook:
        number = {"prerouting": 0, "forward": 2, "output": 3, "postrouting": 4}[operation.hook.name]
        hook = [("NFTA_HOOK_HOOKNUM", number), ("NFTA_HOOK_PRIORITY", operation.hook.priority)]
        attributes += [("NFTA_CHAIN_HOOK", {"attrs": hook}), ("NFTA_CHAIN_TYPE", operation.hook.type)]
    return attributes


def _set(operation: nft.AddSet) -> list[Any]:
    attributes: list[Any] = [
        ("NFTA_SET_TABLE", nft.TABLE),
        ("NFTA_SET_NAME", operation.name),
        ("NFTA_SET_ID", operation.number),
        ("NFTA_SET_KEY_TYPE", operation.key_type),
        ("NFTA_SET_KEY_LEN", operation.key_length_bytes),
    ]
    if operation.verdicts:
        attributes += [("NFTA_SET_FLAGS", {"NFT_SET_MAP"}), ("NFTA_SET_DATA_TYPE", 0xFFFFFF00)]  # NFT_DATA_VERDICT
    return attributes


def _element(set_name: str, key: bytes, verdict: nft.Verdict | None) -> list[Any]:
    element: list[Any] = [("NFTA_SET_ELEM_KEY", {"attrs": [("NFTA_DATA_VALUE", key)]})]
    if verdict:
        element.append(("NFTA_SET_ELEM_DATA", _data(verdict)))
    return [
        ("NFTA_SET_ELEM_LIST_TABLE", nft.TABLE),
        ("NFTA_SET_ELEM_LIST_SET", set_name),
        ("NFTA_SET_ELEM_LIST_ELEMENTS", [{"attrs": element}]),
    ]


def _data(value: bytes | nft.Verdict) -> dict[str, Any]:
    if isinstance(value, bytes):
        return {"attrs": [("NFTA_DATA_VALUE", value)]}
    verdict: list[tuple[str, int | str]] = [("NFTA_VERDICT_CODE", value.code)]
    if value.chain:
        verdict.append(("NFTA_VERDICT_CHAIN", value.chain))
    return {"attrs": [("NFTA_DATA_VERDICT", {"attrs": verdict})]}


def _expression(expression: nft.Expression) -> Any:
    attributes = {name: _data(value) if isinstance(value, bytes | nft.Verdict) else value for name, value in expression.attributes}
    if expression.name == "numgen":  # its attributes are called NFTA_NG_*
        data = {"attrs": [(f"NFTA_NG_{name.upper()}", value) for name, value in attributes.items()]}
        return {"attrs": [("NFTA_EXPR_NAME", "numgen"), ("NFTA_EXPR_DATA", data)]}
    return genex(expression.name, attributes)
