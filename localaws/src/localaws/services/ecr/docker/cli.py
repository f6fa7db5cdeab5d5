"""The arguments of ``docker``, as Docker's client takes them."""

from __future__ import annotations

import argparse
import getpass
import json
import re
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

from localaws.services.ecr.docker.engine import Build, Engine, choose
from localaws.services.ecr.docker.errors import DockerError

_PLACEHOLDER = re.compile(r"\{\{\s*(?P<json>json\s+)?(?P<index>index\s+)?"
                          r"(?P<path>\.[\w.]*)(?:\s+(?P<position>\d+))?\s*\}\}")  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Carry out one command.

    Returns:
        The exit code: 0, 1 where the command failed, 2 for wrong arguments.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # `docker image build` and `docker buildx build` are other spellings of `docker build`.
    if words[:1] in (["image"], ["buildx"]):
        words = words[1:]
        words[:1] = [{"ls": "images", "rm": "rmi"}.get(words[0], words[0])] if words else []
    args = _parser().parse_args(words)
    try:
        run: Callable[[argparse.Namespace, Engine], None] = args.run
        run(args, choose())
    except DockerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # as a shell reports SIGINT
    return 0


def _build(args: argparse.Namespace, engine: Engine) -> None:
    pairs = (item.partition("=") for item in args.build_arg)
    engine.build(
        Build(
            context=args.context,
            dockerfile=args.file,
            tags=tuple(args.tag),
            arguments={name: value if equals else None for name, equals, value in pairs},
            labels=tuple(args.label),
            target=args.target,
            platform=args.platform,
            secrets=tuple(args.secret),
            no_cache=args.no_cache,
            pull=args.pull,
            quiet=args.quiet,
            iidfile=args.iidfile,
        )
    )
    if args.push:
        for tag in args.tag:
            engine.push(tag)


def _login(args: argparse.Namespace, engine: Engine) -> None:
    if args.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = args.password if args.password is not None else getpass.getpass()
    if not args.username:
        raise DockerError("docker login needs --username here; for ECR it is AWS")
    host = args.registry.removeprefix("https://").removeprefix("http://").rstrip("/")
    engine.login(host, args.username, password)
    print("Login Succeeded")


def _logout(args: argparse.Namespace, engine: Engine) -> None:
    known = engine.logout(args.registry)
    print(f"Removing login credentials for {args.registry}" if known else "Not logged in")


def _inspect(args: argparse.Namespace, engine: Engine) -> None:
    found = [engine.inspect(image) for image in args.images]
    if args.format is None:
        print(json.dumps(found, indent=4))
        return
    for document in found:
        print(render(args.format, document))


def render(template: str, document: dict[str, Any]) -> str:
    """A template of Docker's ``--format``: paths, ``json`` and ``index``.

    Raises:
        DockerError: the template has more than that.
    """

    def value(match: re.Match[str]) -> str:
        found: Any = document
        for name in filter(None, match["path"].split(".")):
            if not isinstance(found, dict) or name not in found:
                raise DockerError(f"--format: {match[0]} is not there")
            found = found[name]
        if match["index"]:
            found = found[int(match["position"] or 0)]
        return json.dumps(found) if match["json"] else str(found)

    text = _PLACEHOLDER.sub(value, template)
    if "{{" in text:
        raise DockerError(
            f"--format {template!r} is not understood; possible are {{{{.Id}}}}, {{{{json .Config}}}} and "
            "{{index .RepoDigests 0}}"
        )
    return text


def _images(args: argparse.Namespace, engine: Engine) -> None:
    options = ["--quiet"] if args.quiet else []
    options += ["--digests"] if args.digests else []
    engine.images([*options, *([args.repository] if args.repository else [])])


def _version(_: argparse.Namespace, engine: Engine) -> None:
    print(f"Client: docker of localaws\n Version: {version('localaws')}\n")
    print(
        f"Server: {engine.description}\n Version: {getattr(engine, 'version', 'see docker info')}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="docker",
        description="Builds images and pushes them to the ECR of localaws, by the machine's Docker daemon "
        "if one answers, else by buildah. Commands and options that are not listed are refused.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        name: str, run: Callable[[argparse.Namespace, Engine], None], summary: str
    ) -> argparse.ArgumentParser:
        found: argparse.ArgumentParser = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        found.set_defaults(run=run)
        return found

    _add_build(add("build", _build, "build an image from a Dockerfile"))
    login = add("login", _login, "keep the password for a registry")
    login.add_argument("-u", "--username", help="for ECR: AWS")
    login.add_argument("-p", "--password", help="other users of the machine can see it here")
    login.add_argument("--password-stdin", action="store_true", help="read it from standard input")
    login.add_argument("registry", help="a host of ECR, or another registry")
    add("logout", _logout, "forget the password for a registry").add_argument("registry")
    for name, summary in (("push", "push an image"), ("pull", "pull an image")):
        command = add(name, _push if name == "push" else _pull, summary)
        command.add_argument("-q", "--quiet", action="store_true", help="accepted")
        command.add_argument("image")
    tag = add("tag", lambda args, engine: engine.tag(args.source, args.target), "name an image")
    tag.add_argument("source")
    tag.add_argument("target")
    remove = add("rmi", _remove, "remove names of images, and images without a name")
    remove.add_argument("-f", "--force", action="store_true", help="also when it is in use")
    remove.add_argument("images", nargs="+")
    images = add("images", _images, "list the images")
    images.add_argument("-q", "--quiet", action="store_true", help="print the ids only")
    images.add_argument("--digests", action="store_true", help="print the digests too")
    images.add_argument("repository", nargs="?")
    inspect = add("inspect", _inspect, "print what is known about images, as JSON")
    inspect.add_argument("-f", "--format", help="for example {{.Id}} or {{json .Config}}")
    inspect.add_argument("images", nargs="+")
    add("version", _version, "print who does the work, and its version")
    add("info", _version, "print who does the work, and its version")
    return parser


def _push(args: argparse.Namespace, engine: Engine) -> None:
    engine.push(args.image)


def _pull(args: argparse.Namespace, engine: Engine) -> None:
    engine.pull(args.image)


def _remove(args: argparse.Namespace, engine: Engine) -> None:
    engine.remove(args.images, force=args.force)


_REPEATED: Final = {
    "--build-arg": "NAME=VALUE of an ARG",
    "--label": "NAME=VALUE of a label",
    "--secret": "a file for RUN --mount=type=secret",
}


def _add_build(build: argparse.ArgumentParser) -> None:
    build.add_argument("-t", "--tag", action="append", default=[], help="name of the image")
    build.add_argument("-f", "--file", help="the Dockerfile (default: CONTEXT/Dockerfile)")
    for name, text in _REPEATED.items():
        build.add_argument(name, action="append", default=[], help=text)
    build.add_argument("--target", help="the stage to build")
    build.add_argument("--platform", help="for example linux/amd64")
    build.add_argument("--iidfile", help="write the id of the image to this file")
    build.add_argument("--no-cache", action="store_true", help="run every step again")
    build.add_argument("--pull", action="store_true", help="look for newer base images")
    build.add_argument("-q", "--quiet", action="store_true", help="print the id of the image only")
    build.add_argument("--push", action="store_true", help="push every tag afterwards")
    build.add_argument("--progress", choices=("auto", "plain", "tty"), help="accepted")
    build.add_argument("--load", action="store_true", help="accepted: images are always kept")
    build.add_argument(
        "context", metavar="CONTEXT", help="the directory that COPY takes files from"
    )
