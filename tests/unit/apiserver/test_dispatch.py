import pytest

from hauberk.apiserver.api import Api
from hauberk.apiserver.dispatch import deprecation
from tests.unit.apiserver.builders import ask, make_config_map, make_peer_authentication, make_pod, refusal, tell

PODS = "/api/v1/namespaces/default/pods"
NOT_ALLOWED = "the server does not allow this method on the requested resource"
CUSTOM = "/apis/security.istio.io/v1/namespaces/default/peerauthentications"


@pytest.mark.parametrize(
    ("method", "path", "code", "message"),
    [
        ("GET", "/api/v1/pods/p", 404, "the server could not find the requested resource"),
        ("GET", f"{PODS}/p/nope", 404, "the server could not find the requested resource"),
        ("GET", f"{CUSTOM}/x/nope", 404, 'peerauthentications.security.istio.io "x" not found'),
        ("POST", f"{PODS}/p", 405, NOT_ALLOWED),
        ("POST", "/api/v1/pods", 405, NOT_ALLOWED),
        ("DELETE", f"{PODS}/p/status", 405, NOT_ALLOWED),
        (
            "GET",
            "/api/v1/namespaces/default/serviceaccounts/a/token",
            405,
            NOT_ALLOWED,
        ),
        ("GET", "/api/v1/namespaces/default/configmaps/c/status", 404, "the server could not find the requested resource"),
    ],
)
def test_what_is_not_served_is_told_as_upstream_does(method: str, path: str, code: int, message: str) -> None:
    async def story(api: Api) -> None:
        error = await refusal(api, method, path)
        assert (error.code, str(error)) == (code, message)

    tell(story)


def test_every_verb_has_its_function() -> None:
    async def story(api: Api) -> None:
        path = "/api/v1/namespaces/default/configmaps"
        await ask(api, "POST", path, make_config_map())
        await ask(api, "PUT", f"{path}/c", make_config_map())
        await ask(api, "PATCH", f"{path}/c", {}, content_type="application/merge-patch+json")
        await ask(api, "GET", f"{path}/c")
        await ask(api, "GET", path)
        await ask(api, "DELETE", f"{path}/c")
        await ask(api, "DELETE", path)
        await ask(api, "POST", PODS, make_pod())
        await ask(api, "GET", f"{PODS}/p/status")
        await ask(api, "POST", CUSTOM, make_peer_authentication())

    tell(story)


def test_old_kinds_say_what_to_use_instead() -> None:
    assert deprecation("endpoints") == ("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",)
    assert deprecation("pods") == ()
