from hauberk.apiserver.discovery import aggregated, api_group, api_groups, api_resources, api_versions, definition_list, has_group_version
from tests.unit.apiserver.builders import CATALOGUE


def test_the_core_group_has_one_version() -> None:
    assert api_versions("127.0.0.1:6443")["versions"] == ["v1"]


def test_groups_say_their_versions_and_the_preferred_one() -> None:
    group = api_group(CATALOGUE, "security.istio.io")
    assert group["preferredVersion"] == {"groupVersion": "security.istio.io/v1", "version": "v1"}
    assert [version["version"] for version in group["versions"]] == ["v1", "v1beta1"]
    names = [group["name"] for group in api_groups(CATALOGUE)["groups"]]
    assert "" not in names
    assert {"apps", "maistra.io", "authentication.k8s.io", "authorization.k8s.io"} <= set(names)


def test_resources_are_listed_with_their_subresources() -> None:
    resources = {resource["name"]: resource for resource in api_resources(CATALOGUE, "apps", "v1")["resources"]}
    assert list(resources) == [
        "deployments",
        "deployments/scale",
        "deployments/status",
        "replicasets",
        "replicasets/scale",
        "replicasets/status",
    ]
    assert resources["deployments"]["shortNames"] == ["deploy"]
    assert resources["deployments"]["categories"] == ["all"]
    assert (resources["deployments/scale"]["group"], resources["deployments/scale"]["kind"]) == ("autoscaling", "Scale")


def test_reviews_are_resources_that_can_only_be_created() -> None:
    resources = api_resources(CATALOGUE, "authorization.k8s.io", "v1")["resources"]
    assert {resource["name"]: resource["verbs"] for resource in resources} == {
        "localsubjectaccessreviews": ["create"],
        "selfsubjectaccessreviews": ["create"],
        "selfsubjectrulesreviews": ["create"],
        "subjectaccessreviews": ["create"],
    }


def test_the_aggregated_form_says_the_same_at_once() -> None:
    core = aggregated(CATALOGUE, core=True, version="v2")
    others = aggregated(CATALOGUE, core=False, version="v2")
    assert core["apiVersion"] == "apidiscovery.k8s.io/v2"
    assert [item["metadata"].get("name", "") for item in core["items"]] == [""]
    (version,) = core["items"][0]["versions"]
    pods = next(resource for resource in version["resources"] if resource["resource"] == "pods")
    assert [one["subresource"] for one in pods["subresources"]] == ["binding", "exec", "log", "proxy", "status"]
    assert {item["metadata"]["name"] for item in others["items"]} == {group["name"] for group in api_groups(CATALOGUE)["groups"]}


def test_what_is_not_served_is_known_not_to_be() -> None:
    assert has_group_version(CATALOGUE, "apps")
    assert has_group_version(CATALOGUE, "networking.istio.io", "v1alpha3")
    assert not has_group_version(CATALOGUE, "apps", "v9")
    assert not has_group_version(CATALOGUE, "nope.example.com")


def test_custom_resources_are_told_apart_from_built_in_ones() -> None:
    names = [item["metadata"]["name"] for item in definition_list(CATALOGUE)["items"]]
    assert "peerauthentications.security.istio.io" in names
    assert "deployments.apps" not in names
