from hauberk.controllers.registry import ControllerOptions, build_controllers
from hauberk.k8s.registry import ALL_KINDS

OPTIONS = ControllerOptions(api_ca_pem="PEM", http_port=80, version="1")


def test_every_controller_has_a_name_of_its_own() -> None:
    names = [controller.name for controller in build_controllers(OPTIONS)]
    assert len(set(names)) == len(names)


def test_controllers_watch_only_kinds_that_are_served() -> None:
    watched = [watch.kind for controller in build_controllers(OPTIONS) for watch in controller.watches]
    assert all(kind in ALL_KINDS for kind in watched)


def test_the_version_is_the_installed_one() -> None:
    assert ControllerOptions(api_ca_pem="", http_port=80).version
