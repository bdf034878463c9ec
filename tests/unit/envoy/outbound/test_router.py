from hauberk import names
from hauberk.envoy import messages as m
from hauberk.envoy.outbound.router import router_resources
from hauberk.model.secret import TlsCredential
from hauberk.model.traffic import Gateway, GatewayServer, ServerTls, ServerTlsMode
from tests.unit.envoy.builders import as_dict
from tests.unit.model.builders import make_settings, make_workload
from tests.unit.view.builders import make_view

ROUTER = make_workload("gateway-1", "istio-system", sidecar=False)
TLS = ServerTls(ServerTlsMode.SIMPLE, "own")
GATEWAY = Gateway("bookinfo", "g", servers=(GatewayServer(80, "HTTP"), GatewayServer(443, "HTTPS", "s", ("*",), TLS)))


def built(*secrets: TlsCredential) -> set[tuple[str, str]]:
    view = make_view(GATEWAY, ROUTER, *secrets, settings=make_settings("bookinfo"))
    return {(resource.type_url, resource.name) for resource in router_resources(view, ROUTER)}


def test_a_server_is_there_once_its_credential_is() -> None:
    plain = {(names.TYPE_LISTENER, "0.0.0.0_80"), (names.TYPE_ROUTE, "http.80"), (names.TYPE_ROUTE, "https.443.s.g.bookinfo")}
    assert built() == plain
    secure = {(names.TYPE_LISTENER, "0.0.0.0_443"), (names.TYPE_SECRET, "kubernetes://own")}
    assert built(TlsCredential("istio-system", "own", b"certificate", b"key")) == plain | secure


def test_a_listener_binds_its_port_and_takes_its_clients_for_strangers() -> None:
    view = make_view(GATEWAY, ROUTER, settings=make_settings("bookinfo"))
    (body,) = [resource.body for resource in router_resources(view, ROUTER) if resource.type_url == names.TYPE_LISTENER]
    listener = as_dict(m.Listener.FromString(body))
    assert (listener["name"], listener["address"]["socket_address"]["port_value"]) == ("0.0.0.0_80", 80)
    assert "bind_to_port" not in listener
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert (manager["rds"]["route_config_name"], manager["use_remote_address"]) == ("http.80", True)
