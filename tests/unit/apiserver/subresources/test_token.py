import jwt
import pytest

from hauberk.apiserver.api import Api
from hauberk.apiserver.tokens import API_AUDIENCE
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import NOW, ask, make_pod, refusal, tell, value_of

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
TOKEN = f"{ACCOUNTS}/web/token"


async def with_account(api: Api) -> None:
    await ask(api, "POST", ACCOUNTS, {"metadata": {"name": "web"}})


def claims_of(answer: Manifest) -> Manifest:
    claims: Manifest = jwt.decode(answer["status"]["token"], options={"verify_signature": False})
    return claims


def test_a_token_is_for_the_api_and_an_hour_by_default() -> None:
    async def story(api: Api) -> None:
        await with_account(api)
        answer = value_of(await ask(api, "POST", TOKEN))
        claims = claims_of(answer)
        assert (claims["aud"], claims["exp"] - claims["iat"]) == ([API_AUDIENCE], 3600)
        assert answer["status"]["expirationTimestamp"] == "2026-03-01T13:00:00Z"
        user = api.authenticator.review(answer["status"]["token"], [API_AUDIENCE], reader=api.reader, now=NOW)
        assert user.name == "system:serviceaccount:default:web"

    tell(story)


def test_a_token_can_be_bound_to_a_pod_of_the_account() -> None:
    async def story(api: Api) -> None:
        await with_account(api)
        pod = value_of(await ask(api, "POST", "/api/v1/namespaces/default/pods", make_pod(serviceAccountName="web", nodeName="local")))
        spec = {"audiences": ["istio-ca"], "expirationSeconds": 600, "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "p"}}
        claims = claims_of(value_of(await ask(api, "POST", TOKEN, {"spec": spec})))
        assert (claims["aud"], claims["exp"] - claims["iat"]) == (["istio-ca"], 600)
        assert claims["kubernetes.io"]["pod"] == {"name": "p", "uid": pod["metadata"]["uid"]}
        assert claims["kubernetes.io"]["node"] == {"name": "local"}

    tell(story)


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        (
            {"expirationSeconds": 5},
            422,
            'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: '
            "may not specify a duration less than 10 minutes",
        ),
        (
            {"expirationSeconds": 2**40},
            422,
            'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 1099511627776: '
            "may not specify a duration larger than 2^32 seconds",
        ),
        ({"boundObjectRef": {"kind": "Pod", "name": "nope"}}, 404, 'pods "nope" not found'),
        (
            {"boundObjectRef": {"kind": "Secret", "name": "s"}},
            400,
            "cannot bind token for serviceaccount to Secret: only pods are supported",
        ),
        ({"boundObjectRef": {"kind": "Pod", "name": "p"}}, 400, "cannot bind token to pod p: it runs as serviceaccount default"),
    ],
)
def test_tokens_that_cannot_be_are_refused(spec: Manifest, code: int, message: str) -> None:
    async def story(api: Api) -> None:
        await with_account(api)
        await ask(api, "POST", "/api/v1/namespaces/default/pods", make_pod())
        error = await refusal(api, "POST", TOKEN, {"spec": spec})
        assert (error.code, str(error)) == (code, message)

    tell(story)


def test_a_pod_made_anew_is_another_pod() -> None:
    async def story(api: Api) -> None:
        await with_account(api)
        await ask(api, "POST", "/api/v1/namespaces/default/pods", make_pod(serviceAccountName="web"))
        spec = {"boundObjectRef": {"kind": "Pod", "name": "p", "uid": "of-the-old-one"}}
        error = await refusal(api, "POST", TOKEN, {"spec": spec})
        assert (error.code, error.reason) == (409, "Conflict")

    tell(story)


def test_only_accounts_that_exist_have_tokens() -> None:
    async def story(api: Api) -> None:
        error = await refusal(api, "POST", TOKEN, {})
        assert str(error) == 'serviceaccounts "web" not found'

    tell(story)
