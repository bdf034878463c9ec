"""The wire form of Istio's CA API, byte by byte, and that any bytes are a message or refused."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hauberk.pki.messages import (
    CREATE_CERTIFICATE,
    CertificateRequest,
    MalformedMessage,
    parse_request,
    parse_response,
    serialize_request,
    serialize_response,
)


def test_the_method_has_istios_name() -> None:
    assert CREATE_CERTIFICATE == "/istio.v1.auth.IstioCertificateService/CreateCertificate"


def test_a_request_has_istios_field_numbers() -> None:
    # 1: length-delimited "abc"; 3: varint 86400
    assert serialize_request(CertificateRequest(b"abc", timedelta(hours=24))) == b"\x0a\x03abc\x18\x80\xa3\x05"
    assert serialize_request(CertificateRequest(b"", timedelta())) == b""


def test_the_metadata_that_istios_agents_send_is_passed_over() -> None:
    # 4: Struct {fields: {"ClusterID": "Kubernetes"}}
    entry = b"\x0a\x09ClusterID\x12\x0c\x1a\x0aKubernetes"
    struct = b"\x0a" + bytes([len(entry)]) + entry
    data = b"\x0a\x03abc\x22" + bytes([len(struct)]) + struct
    assert parse_request(data) == CertificateRequest(b"abc", timedelta())


def test_a_response_has_istios_field_number() -> None:
    assert serialize_response(("leaf", "root")) == b"\x0a\x04leaf\x0a\x04root"
    assert parse_response(b"\x0a\x04leaf\x0a\x04root") == ("leaf", "root")


@given(st.text(max_size=50), st.integers(0, 10**9))
def test_a_request_is_read_back(csr: str, seconds: int) -> None:
    request = CertificateRequest(csr.encode(), timedelta(seconds=seconds))
    assert parse_request(serialize_request(request)) == request


@pytest.mark.parametrize("chain", [(), ("leaf",)])
def test_a_chain_without_roots_is_refused(chain: tuple[str, ...]) -> None:
    with pytest.raises(MalformedMessage, match=f"answered {len(chain)} certificates"):
        parse_response(serialize_response(chain))


@pytest.mark.parametrize("seconds", [-1, -(2**63), 2**63 - 1])
def test_absurd_lifetimes_are_read_as_something_a_ca_can_clip(seconds: int) -> None:
    varint, value = bytearray(), seconds % 2**64
    while value > 127:
        varint.append(value & 127 | 128)
        value >>= 7
    varint.append(value)
    assert timedelta() <= parse_request(b"\x18" + bytes(varint)).lifetime <= timedelta(days=36500)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused_by_name(data: bytes) -> None:
    for parse in (parse_request, parse_response):
        with suppress(MalformedMessage):
            parse(data)
