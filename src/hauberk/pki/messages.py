"""The messages of Istio's CA API (`istio.v1.auth.IstioCertificateService`) as values, to and from their wire form.

Field numbers as in istio/api security/v1alpha1/ca.proto: request `csr` 1, `validity_duration` 3 (seconds), `metadata` 4 (Struct); response
`cert_chain` 1. The descriptor is built here, in a pool of its own, so that it cannot collide with another package's copy.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, cast

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from hauberk.errors import PeerError

__all__ = [
    "CREATE_CERTIFICATE",
    "SERVICE",
    "CertificateRequest",
    "MalformedMessage",
    "parse_request",
    "parse_response",
    "serialize_request",
    "serialize_response",
]

SERVICE: Final = "istio.v1.auth.IstioCertificateService"
CREATE_CERTIFICATE: Final = f"/{SERVICE}/CreateCertificate"
_PACKAGE: Final = "istio.v1.auth"


class MalformedMessage(PeerError):
    """Bytes that are not the message they should be."""


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What a workload asks for: a request in PEM form, and how long the certificate should live (zero: the CA's default)."""

    csr: bytes
    lifetime: timedelta


class _WireRequest(Protocol):
    csr: str
    validity_duration: int


class _WireResponse(Protocol):
    cert_chain: list[str]


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="security/v1alpha1/ca.proto", package=_PACKAGE, syntax="proto3", dependency=[struct_pb2.DESCRIPTOR.name]
    )
    request = file.message_type.add(name="IstioCertificateRequest")
    optional, repeated = FieldDescriptor.LABEL_OPTIONAL, FieldDescriptor.LABEL_REPEATED
    request.field.add(name="csr", number=1, type=FieldDescriptor.TYPE_STRING, label=optional)
    request.field.add(name="validity_duration", number=3, type=FieldDescriptor.TYPE_INT64, label=optional)
    request.field.add(name="metadata", number=4, type=FieldDescriptor.TYPE_MESSAGE, type_name=".google.protobuf.Struct", label=optional)
    response = file.message_type.add(name="IstioCertificateResponse")
    response.field.add(name="cert_chain", number=1, type=FieldDescriptor.TYPE_STRING, label=repeated)
    return file


def _message_classes() -> tuple[type[Message], type[Message]]:
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(_file().SerializeToString())
    names = ("IstioCertificateRequest", "IstioCertificateResponse")
    request, response = (message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in names)
    return request, response


_Request, _Response = _message_classes()


def parse_request(data: bytes) -> CertificateRequest:
    """The request in `data`. Raises: MalformedMessage."""
    wire = cast(_WireRequest, _parse(_Request, data))
    # An int64 of seconds may be far beyond what timedelta takes; a year and more are all the same to a CA.
    seconds = min(max(wire.validity_duration, 0), 100 * 365 * 86400)
    return CertificateRequest(wire.csr.encode(), timedelta(seconds=seconds))


def serialize_request(request: CertificateRequest) -> bytes:
    """The wire form of `request`."""
    message = _Request(csr=request.csr.decode(), validity_duration=int(request.lifetime.total_seconds()))
    return message.SerializeToString()


def parse_response(data: bytes) -> tuple[str, ...]:
    """The chain in `data`: PEM, leaf first, the trusted roots in the last element. Raises: MalformedMessage."""
    chain = tuple(cast(_WireResponse, _parse(_Response, data)).cert_chain)
    if len(chain) < 2:  # Istio's own client refuses it too: a leaf without a root cannot be checked
        raise MalformedMessage(f"The CA answered {len(chain)} certificates; a leaf and the roots are needed. Look at the CA's log.")
    return chain


def serialize_response(chain: tuple[str, ...]) -> bytes:
    """The wire form of a chain, leaf first, the trusted roots in the last element."""
    return _Response(cert_chain=chain).SerializeToString()


def _parse(message_class: type[Message], data: bytes) -> Message:
    try:
        return message_class.FromString(data)
    except DecodeError as error:
        raise MalformedMessage(f"The bytes are no {message_class.DESCRIPTOR.full_name}. Talk to the CA over {SERVICE}.") from error
