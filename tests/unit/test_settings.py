from pathlib import Path

from hauberk.settings import instance_paths


def test_state_follows_the_xdg_rules() -> None:
    assert instance_paths("one", {"XDG_STATE_HOME": "/s"}, uid=1).state == Path("/s/hauberk/one")
    assert instance_paths("one", {"HOME": "/home/me"}, uid=1).state == Path("/home/me/.local/state/hauberk/one")


def test_sockets_stand_beside_the_state_where_the_path_is_short_enough() -> None:
    assert instance_paths("one", {"XDG_STATE_HOME": "/s"}, uid=1).run == Path("/s/hauberk/one/run")


def test_sockets_move_to_tmp_where_a_unix_socket_path_would_be_too_long() -> None:
    paths = instance_paths("one", {"XDG_STATE_HOME": "/" + "long/" * 30}, uid=1000)
    assert paths.run.parent == Path("/tmp/hauberk-1000")
    assert len(str(paths.mesh_run("n" * 63, "m" * 63) / "xds.sock")) < 108


def test_two_instances_and_two_meshes_never_share_sockets() -> None:
    environ = {"XDG_STATE_HOME": "/" + "long/" * 30}
    one, two = (instance_paths(name, environ, uid=1) for name in ("one", "two"))
    assert one.run != two.run
    assert one.mesh_run("a", "b") != one.mesh_run("a", "c")
