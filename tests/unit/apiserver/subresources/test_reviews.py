import orjson
import pytest

from hauberk.apiserver.api import Api
from hauberk.apiserver.request import User, parse_target
from hauberk.apiserver.status import ApiError
from hauberk.apiserver.subresources.reviews import answer_review
from hauberk.apiserver.tokens import API_AUDIENCE
from hauberk.k8s.kind import Manifest
from tests.unit.apiserver.builders import MASTER, ask, tell, value_of

AUTHENTICATION, AUTHORIZATION = "/apis/authentication.k8s.io/v1", "/apis/authorization.k8s.io/v1"
BOB = User("bob", ("g", "system:authenticated"))
GET_PODS = {"verb": "get", "resource": "pods", "namespace": "x"}


def review(api: Api, path: str, spec: Manifest | None = None, *, user: User = MASTER) -> Manifest:
    body = b"" if spec is None else orjson.dumps({"spec": spec})
    return value_of(answer_review(api, user, parse_target("POST", path, {}), body=body, content_type=""))


def test_a_token_is_reviewed_for_its_audience() -> None:
    async def story(api: Api) -> None:
        accounts = "/api/v1/namespaces/default/serviceaccounts"
        await ask(api, "POST", accounts, {"metadata": {"name": "web"}})
        token = value_of(await ask(api, "POST", f"{accounts}/web/token", {"spec": {"audiences": ["istio-ca"]}}))["status"]["token"]
        status = review(api, f"{AUTHENTICATION}/tokenreviews", {"token": token, "audiences": ["istio-ca"]})["status"]
        assert (status["authenticated"], status["audiences"]) == (True, ["istio-ca"])
        assert status["user"]["username"] == "system:serviceaccount:default:web"
        assert status["user"]["groups"] == ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]
        other = review(api, f"{AUTHENTICATION}/tokenreviews", {"token": token})["status"]
        expected = f'token audiences ["istio-ca"] is invalid for the target audiences ["{API_AUDIENCE}"]'
        assert other == {"user": {}, "error": f"[invalid bearer token, {expected}]"}

    tell(story)


def test_a_bad_token_is_not_an_error_of_the_asker() -> None:
    async def story(api: Api) -> None:
        assert review(api, f"{AUTHENTICATION}/tokenreviews", {"token": "bad"})["status"] == {"user": {}, "error": "invalid bearer token"}

    tell(story)


def test_everybody_can_ask_who_they_are() -> None:
    async def story(api: Api) -> None:
        answer = review(api, f"{AUTHENTICATION}/selfsubjectreviews", user=BOB)
        assert answer["status"] == {"userInfo": {"username": "bob", "groups": ["g", "system:authenticated"]}}

    tell(story)


def test_everybody_can_ask_what_they_may() -> None:
    async def story(api: Api) -> None:
        path = f"{AUTHORIZATION}/selfsubjectaccessreviews"
        assert review(api, path, {"resourceAttributes": GET_PODS})["status"] == {"allowed": True}
        assert review(api, path, {"resourceAttributes": GET_PODS}, user=BOB)["status"] == {"allowed": False}
        assert review(api, path, {"nonResourceAttributes": {"verb": "get", "path": "/version"}}, user=BOB)["status"] == {"allowed": True}

    tell(story)


def test_masters_can_ask_about_others() -> None:
    async def story(api: Api) -> None:
        spec = {"user": "bob", "resourceAttributes": GET_PODS}
        assert review(api, f"{AUTHORIZATION}/subjectaccessreviews", spec)["status"] == {"allowed": False}
        node = {"user": "system:node:local", "groups": ["system:nodes"], "resourceAttributes": {"verb": "list", "resource": "pods"}}
        assert review(api, f"{AUTHORIZATION}/subjectaccessreviews", node)["status"] == {"allowed": True}

    tell(story)


def test_rules_are_listed_as_far_as_they_can_be() -> None:
    async def story(api: Api) -> None:
        path = f"{AUTHORIZATION}/selfsubjectrulesreviews"
        assert review(api, path, {"namespace": "x"})["status"]["resourceRules"] == [
            {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        ]
        bobs = review(api, path, {"namespace": "x"}, user=BOB)["status"]
        assert [rule["resources"] for rule in bobs["resourceRules"]] == [
            ["selfsubjectreviews"],
            ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        ]
        assert bobs["incomplete"] is False

    tell(story)


@pytest.mark.parametrize(
    ("path", "spec", "code", "start"),
    [
        (f"{AUTHENTICATION}/tokenreviews", {}, 400, "token is required for TokenReview in authentication"),
        (
            f"{AUTHORIZATION}/subjectaccessreviews",
            {},
            422,
            '.authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes '
            'or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]',
        ),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(path: str, spec: Manifest, code: int, start: str) -> None:
    async def story(api: Api) -> None:
        with pytest.raises(ApiError) as caught:
            review(api, path, spec)
        assert (caught.value.code, str(caught.value)[: len(start)]) == (code, start)

    tell(story)
