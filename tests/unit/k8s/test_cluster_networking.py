from hauberk.k8s.cluster_networking import KINDS, NETWORK_POLICY


def test_its_names_and_headers_are_kubectls() -> None:
    assert [kind.kind for kind in KINDS] == ["NetworkPolicy"]
    assert (NETWORK_POLICY.plural, NETWORK_POLICY.short_names, NETWORK_POLICY.api_version) == (
        "networkpolicies",
        ("netpol",),
        "networking.k8s.io/v1",
    )
    assert [column.name for column in NETWORK_POLICY.columns] == ["Name", "Pod-Selector", "Age"]
