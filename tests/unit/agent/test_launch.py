"""The command line of a pod's Envoy, and what it sees of the node."""

from pathlib import Path

from hauberk.agent.launch import SidecarLaunch, plan_launch


def test_envoy_is_started_with_its_own_folders_and_the_meshs_sockets() -> None:
    assert plan_launch(Path("/opt/envoy"), Path("/run/pod"), Path("/run/m/0123")) == SidecarLaunch(
        argv=(
            "/opt/envoy",
            *("-c", "/etc/istio/proxy/envoy-rev.json", "--concurrency", "1"),
            *("--log-level", "warning", "--component-log-level", "misc:error", "--file-flush-interval-msec", "500"),
            *("--disable-hot-restart", "--drain-strategy", "immediate", "--drain-time-s", "5"),
        ),
        env={},
        binds=(
            (Path("/run/pod/proxy"), "/etc/istio/proxy", False),
            (Path("/run/pod/credentials"), "/var/run/secrets/workload-spiffe-credentials", True),
            (Path("/run/m/0123"), "/var/run/hauberk", True),
        ),
    )
