import ipaddress

from hauberk import names


def test_pods_services_and_the_next_hop_are_ranges_of_their_own() -> None:
    pods, services = ipaddress.ip_network(names.POD_CIDR), ipaddress.ip_network(names.SERVICE_CIDR)
    assert not pods.overlaps(services)
    assert ipaddress.ip_address(names.DNS_VIP) in services
    assert ipaddress.ip_address(names.NODE_ADDRESS) in pods
    assert ipaddress.ip_address(names.POD_GATEWAY).is_link_local


def test_sidecar_paths_lie_in_the_sidecars_own_folders() -> None:
    assert names.BOOTSTRAP_PATH.startswith(f"{names.PROXY_DIR}/")
    assert names.ADMIN_SOCKET_PATH.startswith(f"{names.PROXY_DIR}/")
    assert names.CREDENTIALS_CURRENT.startswith(f"{names.CREDENTIALS_DIR}/")


def test_every_type_url_is_of_envoys_v3_api() -> None:
    urls = [getattr(names, name) for name in vars(names) if name.startswith("TYPE_")]
    assert len(set(urls)) == len(urls) > 0
    assert all(url.startswith("type.googleapis.com/envoy.") and ".v3." in url for url in urls)
