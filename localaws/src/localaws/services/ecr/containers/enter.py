"""Becomes a command in an image: ``python -I -S enter.py SPECIFICATION``.

The specification is the JSON document that ``container.py`` writes. This program is not imported. After
pivot_root it cannot import anything either, because the standard library is not in the image.

With --probe or --probe-user it only tries whether namespaces can be made, without and with a user namespace.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import stat
import struct
import sys
from typing import Any

# linux/sched.h, sys/mount.h, linux/prctl.h
_NEWNS, _NEWUSER, _NEWNET = 0x00020000, 0x10000000, 0x40000000
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = (
    1, 2, 4, 8, 32, 4096, 16384, 1 << 18,
)  # fmt: skip
_DETACH = 2
_SET_PDEATHSIG, _CAPBSET_DROP, _SET_NO_NEW_PRIVS = 1, 24, 38
_LAST_CAPABILITY = 40
# linux/capability.h: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service,
# net_raw, sys_chroot, mknod, audit_write, setfcap: those of a container of Docker.
_CAPABILITIES = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_OLD = "/.localaws"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/hostname")
# As a shell and Docker report them.
_FAILED, _NOT_EXECUTABLE, _NOT_FOUND = 125, 126, 127

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Run the specification of the command line. Does not return."""
    if sys.argv[1].startswith("--probe"):
        probe(in_user_namespace=sys.argv[1] == "--probe-user")
        return
    with open(sys.argv[1], encoding="utf-8") as file:
        specification = json.load(file)
    try:
        enter(specification)
    except OSError as error:
        print(f"localaws: the container cannot be started: {error}", file=sys.stderr)
        os._exit(_FAILED)
    run(specification)


def probe(*, in_user_namespace: bool) -> None:
    """Try to make the namespaces and to mount something in them."""
    try:
        make_namespaces(in_user_namespace=in_user_namespace, isolate_network=False)
        mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV)
    except OSError as error:
        print(error, file=sys.stderr)
        os._exit(1)


def enter(spec: dict[str, Any]) -> None:
    """Make the image the root directory, with everything mounted, and become its user."""
    make_namespaces(
        in_user_namespace=spec["user_namespace"], isolate_network=spec["isolate_network"]
    )
    if spec["isolate_network"]:
        bring_up_loopback()
    root = mount_layers(spec)
    os.chdir(root)
    os.mkdir(f"{root}{_OLD}", 0o700)
    call("pivot_root", _libc.syscall(_pivot_root_number(), b".", f".{_OLD}".encode()))
    os.chdir("/")
    mount_system()
    for source, target, read_only, is_owned in spec["mounts"]:
        if is_owned and not spec["user_namespace"]:
            own(_OLD + source, spec["uid"], spec["gid"])
        bind(_OLD + source, target, read_only=read_only)
    os.makedirs(spec["working_directory"], exist_ok=True)
    os.chdir(spec["working_directory"])
    if spec["marker"]:
        os.close(os.open(_OLD + spec["marker"], os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    call("umount2", _libc.umount2(_OLD.encode(), _DETACH))
    os.rmdir(_OLD)
    become(spec)


def run(spec: dict[str, Any]) -> None:
    """Become the command."""
    program = spec["argv"][0]
    try:
        os.execvpe(program, spec["argv"], spec["environment"])
    except OSError as error:
        if error.errno == errno.ENOENT:
            print(f'exec: "{program}": executable file not found in $PATH', file=sys.stderr)
            os._exit(_NOT_FOUND)
        print(f'exec: "{program}": {error.strerror}', file=sys.stderr)
        os._exit(_NOT_EXECUTABLE)


def make_namespaces(*, in_user_namespace: bool, isolate_network: bool) -> None:
    """Leave the mount namespace of the machine, and its network where that is asked for."""
    uid, gid = os.geteuid(), os.getegid()
    flags = _NEWNS | (_NEWUSER if in_user_namespace else 0) | (_NEWNET if isolate_network else 0)
    call("unshare", _libc.unshare(flags))
    if in_user_namespace:
        map_user(0, uid, 0, gid)
    # Nothing that is mounted from here on shows on the machine.
    call("mount", _libc.mount(None, b"/", None, _REC | _PRIVATE, None))


def map_user(uid: int, outer_uid: int, gid: int, outer_gid: int) -> None:
    """Give the one user and group of a user namespace their ids."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def mount_layers(spec: dict[str, Any]) -> str:
    """Mount the layers, with a directory for what the container writes. Returns the mount point."""
    directory: str = spec["directory"]
    root = f"{directory}/root"
    os.makedirs(root, exist_ok=True)
    # The names are relative to the working directory: a page holds all options.
    os.chdir(spec["layers_directory"])
    try:
        mount_overlay(spec, directory, root)
    except OSError:
        # The file system of the machine cannot hold the upper layer, as overlayfs itself in a container.
        mount("tmpfs", directory, "tmpfs", _NOSUID | _NODEV)
        os.makedirs(root)
        mount_overlay(spec, directory, root)
    return root


def mount_overlay(spec: dict[str, Any], directory: str, root: str) -> None:
    """overlayfs with the upper layer in ``directory``."""
    for name in ("upper", "work"):
        os.makedirs(f"{directory}/{name}", mode=0o755, exist_ok=True)
    options = (
        f"lowerdir={':'.join(spec['layers'])},upperdir={directory}/upper,workdir={directory}/work"
    )
    if spec["user_namespace"]:
        options += ",userxattr"
    mount("overlay", root, "overlay", 0, options)


def mount_system() -> None:
    """/proc, /sys, /dev and the files about the network. The machine's root directory is at _OLD."""
    bind(f"{_OLD}/proc", "/proc", recursive=True)
    bind(f"{_OLD}/sys", "/sys", recursive=True)
    os.makedirs("/dev", exist_ok=True)
    mount("tmpfs", "/dev", "tmpfs", _NOSUID, "mode=755,size=1m")
    for name in _DEVICES:
        bind(f"{_OLD}/dev/{name}", f"/dev/{name}")
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, f"/dev/{name}")
    os.mkdir("/dev/shm")
    mount("tmpfs", "/dev/shm", "tmpfs", _NOSUID | _NODEV, "mode=1777")
    for path in _FILES:
        if os.path.exists(_OLD + path):
            bind(_OLD + path, path)


def bind(source: str, target: str, *, read_only: bool = False, recursive: bool = False) -> None:
    """Mount ``source`` at ``target``, which is made if missing. It has to be of the same kind."""
    target = os.path.realpath(target)
    if stat.S_ISDIR(os.stat(source).st_mode):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o644))
    mount(source, target, None, _BIND | (_REC if recursive else 0))
    if not read_only:
        return
    # In a user namespace the flags of the file system underneath are locked: they have to be repeated.
    flags = _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV
    try:
        mount(None, target, None, flags)
    except OSError:
        mount(None, target, None, flags | _NOEXEC)


def own(path: str, uid: int, gid: int) -> None:
    """Make a user the owner of a directory with everything in it."""
    os.lchown(path, uid, gid)
    for parent, directories, files in os.walk(path):
        for name in (*directories, *files):
            os.lchown(f"{parent}/{name}", uid, gid)


def become(spec: dict[str, Any]) -> None:
    """Become the user of the container, with what Docker lets a container do."""
    if spec["user_namespace"]:
        if spec["uid"]:
            call("unshare", _libc.unshare(_NEWUSER))
            map_user(spec["uid"], 0, spec["gid"], 0)
    else:
        for capability in range(_LAST_CAPABILITY + 1):
            if capability not in _CAPABILITIES:
                # An older kernel does not know the last ones.
                _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
        os.setgroups(spec["groups"])
        os.setgid(spec["gid"])
        os.setuid(spec["uid"])
    call("prctl", _libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    # A change of the user clears the signal that the process table has set.
    call("prctl", _libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def bring_up_loopback() -> None:
    """Give a network namespace 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
        fcntl.ioctl(device, 0x8914, struct.pack("16sh", b"lo", 0x49))


def mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    """mount(2)."""
    result = _libc.mount(
        *(text.encode() if text else None for text in (source, target, kind)),
        ctypes.c_ulong(flags),
        options.encode() if options else None,
    )
    call(f"mount {target}", result)


def call(what: str, result: int) -> None:
    """Raise OSError for the result of a system call that failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _pivot_root_number() -> int:
    return _PIVOT_ROOT[os.uname().machine]


if __name__ == "__main__":
    main()
