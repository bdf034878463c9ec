import json
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from hauberk.node.linux.sandbox import (
    CAP_NET_ADMIN,
    Bind,
    ContainerSpec,
    ExecSpec,
    etc_files,
    minimal_binds,
    parse_spec,
    render_exec,
    render_spec,
)

TEXT = st.text(max_size=8)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
SPECS = st.builds(
    ContainerSpec,
    argv=st.lists(TEXT, min_size=1, max_size=3).map(tuple),
    netns=TEXT,
    hostname=TEXT,
    env=PAIRS,
    cwd=TEXT,
    binds=st.lists(st.builds(Bind, TEXT, TEXT, st.booleans()), max_size=3).map(tuple),
    files=PAIRS,
    capabilities=st.sampled_from([(), (CAP_NET_ADMIN,)]),
    init=st.booleans(),
    tty=st.booleans(),
)


@given(SPECS)
def test_a_specification_survives_json(spec: ContainerSpec) -> None:
    assert parse_spec(json.dumps(asdict(spec))) == spec


def test_the_launcher_is_told_the_root_and_python_before_the_pods_own_binds() -> None:
    spec = ContainerSpec(("true",), "/run/netns/pod", "web-0", binds=(Bind("/run/x", "/data", readonly=False),))
    told = json.loads(render_spec(spec, root="/root-here", folders=("/opt/venv", "/opt/venv/lib", "/usr")))
    assert told["root"] == "/root-here"
    assert told["binds"] == [
        {"source": "/run/x", "target": "/data", "readonly": False},
        {"source": "/opt/venv", "target": "/opt/venv", "readonly": True},
    ]
    assert told["system"][0] == "/usr"
    assert "join_pid" not in told


def test_a_volume_does_not_hide_what_lies_below_it() -> None:
    spec = ContainerSpec(("true",), "n", "h", binds=(Bind("/run/volume", "/tmp", readonly=False),))
    told = json.loads(render_spec(spec, root="/r", folders=("/tmp/somewhere/venv", "/opt/python")))
    assert [bind["target"] for bind in told["binds"]] == ["/opt/python", "/tmp", "/tmp/somewhere/venv"]


def test_a_whole_etc_is_never_shown() -> None:
    told = json.loads(render_spec(ContainerSpec(("true",), "n", "h"), root="/r", folders=()))
    assert {"/etc", "/etc/ssl", "/etc/pki", "/home", "/root", "/var", "/run", "/tmp"} & set(told["system"]) == set()


def test_exec_joins_by_pid() -> None:
    told = json.loads(render_exec(ExecSpec(("sh",), 42, env=(("A", "b"),), tty=True)))
    assert told == {"argv": ["sh"], "join_pid": 42, "env": [["A", "b"]], "cwd": "/", "capabilities": [], "tty": True}


def test_folders_inside_others_are_left_out() -> None:
    assert minimal_binds(["/work/src", "/work/.venv", "/usr/lib/python3", "/work/.venv/lib/x", "/work/.venv", "/usr"]) == (
        Bind("/work/.venv", "/work/.venv"),
        Bind("/work/src", "/work/src"),
    )


def test_names_that_only_start_alike_are_others() -> None:
    assert minimal_binds(["/usr2", "/a", "/ab"]) == (Bind("/a", "/a"), Bind("/ab", "/ab"), Bind("/usr2", "/usr2"))


def test_etc_tells_a_container_who_it_is() -> None:
    files = dict(
        etc_files(hostname="web-0", address="10.244.0.7", nameserver="10.96.0.10", search=["a.svc.cluster.local", "cluster.local"])
    )
    assert files["/etc/hosts"] == "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n10.244.0.7\tweb-0\n"
    assert files["/etc/resolv.conf"] == "search a.svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    assert files["/etc/hostname"] == "web-0\n"
    assert files["/etc/nsswitch.conf"].splitlines()[-1] == "hosts: files dns"
    assert files["/etc/passwd"].startswith("root:x:0:0:")
