"""A small Hub on loopback over real HTTP: repositories with commits, tags and large files, as far as the real clients ask.

What it checks as the Hub does: tokens, rights, gated and private repositories, the parent of a commit, tags that exist, the
hash of what is uploaded. `fail` makes a chosen request go wrong.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = (".parquet", ".png", ".safetensors", ".tar", ".bin")
"""Endings of the files that are kept as large files."""


@dataclass
class Commit:
    oid: str
    title: str
    files: dict[str, bytes]
    author: str


@dataclass
class Repository:
    kind: str
    private: bool = False
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def find(self, revision: str) -> Commit | None:
        wanted = self.tags.get(revision, revision)
        if wanted == "main":
            return self.commits[-1] if self.commits else None
        return next((commit for commit in self.commits if commit.oid == wanted), None)


class Hub:
    """Repositories by name."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.gated: set[str] = set()
        self.tokens: dict[str, bool] = {}
        """Tokens that are known, and whether each may write; with none at all, nobody needs one to read."""
        self.large: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.uploads: list[str] = []
        """Hashes of large files, once for each upload."""
        self.endpoint = ""
        self.fail: Callable[[int, str, str], str | None] = lambda number, method, path: None
        """For the number, method and path of a request: `500`, `503`, `reset` (nothing happens), `lost` (it happens, the
        answer is lost), `half` (half of the answer comes), `delaySECONDS`, or None."""
        self.lock = threading.Lock()

    def add(self, name: str, folder: Path, *versions: str, kind: str = "") -> None:
        """Put a folder there as one commit under `main` and the given tags; models and datasets alike."""
        files = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file() and ".adaptlabels" not in file.parts
        }
        repository = self.repositories.setdefault(name, Repository(kind))
        self.write(repository, files, "initial commit", "somebody")
        for version in versions:
            repository.tags[version] = repository.commits[-1].oid

    def write(self, repository: Repository, files: dict[str, bytes], title: str, author: str) -> Commit:
        content = json.dumps(
            [title, len(repository.commits), {p: hashlib.sha1(b).hexdigest() for p, b in files.items()}]
        )
        commit = Commit(hashlib.sha1(content.encode()).hexdigest(), title, dict(files), author)
        repository.commits.append(commit)
        return commit

    def commit(self, name: str, revision: str) -> str | None:
        """Commit hash of a revision."""
        repository = self.repositories.get(name)
        found = repository.find(revision) if repository else None
        return found.oid if found else None


def is_large(path: str) -> bool:
    return path.endswith(LARGE)


def blob(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def entry(path: str, content: bytes) -> dict[str, object]:
    """A file as the tree of a repository lists it."""
    found = {"type": "file", "oid": blob(content), "size": len(content), "path": path}
    if is_large(path):
        sha = hashlib.sha256(content).hexdigest()
        found["lfs"] = {"oid": sha, "size": len(content), "pointerSize": 134}
    return found


@contextmanager
def running(hub: Hub):
    """Serve a hub until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # headers and body are two writes

        def do_HEAD(self) -> None:
            self._handle()

        def do_GET(self) -> None:
            self._handle()

        def do_POST(self) -> None:
            self._handle()

        def do_PUT(self) -> None:
            self._handle()

        def do_DELETE(self) -> None:
            self._handle()

        def log_message(self, *args: object) -> None:
            pass

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._body = (
                self._chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self.rfile.read(length)
            )
            with hub.lock:
                hub.requests.append(f"{self.command} {self.path}")
                number = len(hub.requests)
            self._mood = hub.fail(number, self.command, self.path)
            if self._mood == "reset":
                return self._hang_up()
            if self._mood in ("500", "503"):
                mood, self._mood = self._mood, None
                return self._send(int(mood), b'{"error": "made to fail"}')
            if self._mood and self._mood.startswith("delay"):
                time.sleep(float(self._mood.removeprefix("delay")))
                self._mood = None
            with hub.lock:
                self._answer()
            return None

        def _chunks(self) -> bytes:
            found = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def _hang_up(self) -> None:
            # A reset, not a polite end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def _answer(self) -> None:
            split = urlsplit(self.path)
            self._query = parse_qs(split.query)
            parts = [unquote(part) for part in split.path.strip("/").split("/")]
            if split.path == "/api/whoami-v2":
                return self._whoami()
            if split.path == "/api/validate-yaml":
                return self._json({"errors": [], "warnings": []})
            if split.path == "/api/repos/create":
                return self._create()
            if parts[0] == "upload":
                return self._upload(parts[1])
            if parts[0] == "api" and parts[1] in ("datasets", "models", "spaces"):
                return self._api(parts[1][:-1], "/".join(parts[2:4]), parts[4:] or ["revision", "main"])
            kind = {"datasets": "dataset", "spaces": "space"}.get(parts[0], "model")
            place = parts if kind == "model" else parts[1:]
            if len(place) > 2 and place[1].endswith(".git"):
                return self._batch(kind, f"{place[0]}/{place[1].removesuffix('.git')}")
            if place[2:3] == ["resolve"]:
                return self._file(kind, "/".join(place[:2]), place[3], "/".join(place[4:]))
            return self._send(404, b"{}")

        # Who is asking

        def _token(self) -> str | None:
            return (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None

        def _whoami(self) -> None:
            if self._token() not in hub.tokens:
                return self._send(401, b'{"error": "Invalid credentials in Authorization header"}')
            return self._json({"name": "somebody", "type": "user", "auth": {}, "orgs": []})

        def _refused(self, name: str, kind: str, *, write: bool = False) -> bool:
            token = self._token()
            repository = hub.repositories.get(name)
            if token is not None and hub.tokens and token not in hub.tokens:
                self._send(401, b'{"error": "Invalid credentials in Authorization header"}')
            elif name in hub.gated:
                self._send(403, b'{"error": "gated"}', {"X-Error-Code": "GatedRepo"})
            elif (
                repository is None
                or repository.kind not in ("", kind)
                or (repository.private and token not in hub.tokens)
            ):
                self._send(404 if token else 401, b'{"error": "none"}', {"X-Error-Code": "RepoNotFound"})
            elif write and not hub.tokens.get(token or "", False):
                self._send(403 if token else 401, b'{"error": "you have no right to write"}')
            else:
                return False
            return True

        # Repositories

        def _create(self) -> None:
            asked = json.loads(self._body)
            if not hub.tokens.get(self._token() or "", False):
                return self._send(403 if self._token() in hub.tokens else 401, b'{"error": "no right to create"}')
            name = f"{asked.get('organization') or 'somebody'}/{asked['name']}"
            kind = asked.get("type", "model")
            if kind == "space" and asked.get("sdk") not in ("static", "docker", "gradio"):
                return self._send(400, b'{"error": "a Space needs an sdk"}')
            url = {"url": f"{hub.endpoint}/{kind}s/{name}", "name": name}
            if name in hub.repositories:
                return self._send(409, json.dumps({"error": "exists", **url}).encode())
            private = bool(asked.get("private")) or asked.get("visibility") == "private"
            repository = hub.repositories[name] = Repository(kind, private)
            files = {".gitattributes": b"*.parquet filter=lfs\n"}
            if kind == "space":  # what the Hub puts into a static one
                files |= {"README.md": b"---\nsdk: static\n---\n", "index.html": b"<p>Hello</p>", "style.css": b""}
            hub.write(repository, files, "initial commit", "somebody")
            return self._json(url)

        def _api(self, kind: str, name: str, rest: list[str]) -> None:
            action, *arguments = rest
            if self._refused(name, kind, write=action in ("preupload", "commit", "tag") and self.command != "GET"):
                return None
            repository = hub.repositories[name]
            if action == "refs":
                return self._json(self._refs(repository))
            if action == "tag":
                return self._tag(repository, arguments[0])
            commit = repository.find(arguments[0] if arguments else "main")
            if commit is None:
                return self._send(404, b'{"error": "none"}', {"X-Error-Code": "RevisionNotFound"})
            if action == "preupload":
                return self._preupload(commit)
            if action == "commit":
                return self._commit(repository, name)
            if action == "commits":
                return self._json(
                    [self._about(one) for one in reversed(repository.commits) if one in self._until(repository, commit)]
                )
            if action == "tree":
                return self._tree(commit, "/".join(arguments[1:]))
            if action == "paths-info":
                return self._paths(commit)
            return self._json(
                {
                    "id": name, "sha": commit.oid, "private": repository.private, "tags": [], "downloads": 0, "likes": 0,
                    "siblings": [{"rfilename": path} for path in commit.files],
                }
            )  # fmt: skip

        @staticmethod
        def _until(repository: Repository, commit: Commit) -> list[Commit]:
            return repository.commits[: repository.commits.index(commit) + 1]

        @staticmethod
        def _about(commit: Commit) -> dict[str, object]:
            authors = [{"user": commit.author}]
            return {
                "id": commit.oid,
                "title": commit.title,
                "message": "",
                "date": "2026-01-01T00:00:00.000Z",
                "authors": authors,
            }

        def _refs(self, repository: Repository) -> dict[str, object]:
            tags = [{"name": n, "ref": f"refs/tags/{n}", "targetCommit": oid} for n, oid in repository.tags.items()]
            head = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.commits[-1].oid}
            return {"branches": [head], "converts": [], "tags": tags}

        def _tag(self, repository: Repository, revision: str) -> None:
            tag = json.loads(self._body)["tag"]
            if tag in repository.tags:
                return self._send(409, b'{"error": "tag exists"}')
            commit = repository.find(revision)
            if commit is None:
                return self._send(404, b'{"error": "none"}', {"X-Error-Code": "RevisionNotFound"})
            repository.tags[tag] = commit.oid
            return self._json({})

        def _preupload(self, commit: Commit) -> None:
            files = []
            for file in json.loads(self._body)["files"]:
                there = commit.files.get(file["path"])
                oid = (
                    None
                    if there is None
                    else (hashlib.sha256(there).hexdigest() if is_large(file["path"]) else blob(there))
                )
                mode = "lfs" if is_large(file["path"]) else "regular"
                files.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
            return self._json({"files": files})

        def _batch(self, kind: str, name: str) -> None:
            if self._refused(name, kind, write=True):
                return None
            objects = []
            for one in json.loads(self._body)["objects"]:
                found = {"oid": one["oid"], "size": one["size"]}
                if one["oid"] not in hub.large:
                    found["actions"] = {"upload": {"href": f"{hub.endpoint}/upload/{one['oid']}", "header": {}}}
                objects.append(found)
            return self._json({"transfer": "basic", "objects": objects})

        def _upload(self, oid: str) -> None:
            if hashlib.sha256(self._body).hexdigest() != oid:
                return self._send(400, b'{"error": "another hash"}')
            hub.uploads.append(oid)
            hub.large[oid] = self._body
            return self._json({})

        def _commit(self, repository: Repository, name: str) -> None:
            lines = [json.loads(line) for line in self._body.splitlines()]
            header = lines[0]["value"]
            if header.get("parentCommit", repository.commits[-1].oid) != repository.commits[-1].oid:
                return self._send(412, b'{"error": "A commit has happened since. Please refresh and try again."}')
            files = dict(repository.commits[-1].files)
            for line in lines[1:]:
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    if value["oid"] not in hub.large:
                        return self._send(400, b'{"error": "large file missing"}')
                    files[value["path"]] = hub.large[value["oid"]]
                elif line["key"] == "deletedFile" and files.pop(value["path"], None) is None:
                    return self._send(404, b'{"error": "no such file"}', {"X-Error-Code": "EntryNotFound"})
            commit = hub.write(repository, files, header["summary"], self._token() or "nobody")
            return self._json(
                {
                    "success": True,
                    "commitOid": commit.oid,
                    "commitUrl": f"{hub.endpoint}/{repository.kind}s/{name}/commit/{commit.oid}",
                }
            )

        # Files

        def _tree(self, commit: Commit, folder: str) -> None:
            prefix = f"{folder}/" if folder else ""
            inside = [(path, content) for path, content in sorted(commit.files.items()) if path.startswith(prefix)]
            if folder and not inside:
                return self._send(404, b'{"error": "none"}', {"X-Error-Code": "EntryNotFound"})
            recursive = self._query.get("recursive", ["false"])[0].lower() == "true"
            found: list[dict[str, object]] = []
            folders = set()
            for path, content in inside:
                parts = path.removeprefix(prefix).split("/")
                depths = range(1, len(parts)) if recursive else range(1, min(2, len(parts)))
                for depth in depths:
                    name = prefix + "/".join(parts[:depth])
                    if name not in folders:
                        folders.add(name)
                        found.append({"type": "directory", "oid": blob(name.encode()), "size": 0, "path": name})
                if recursive or len(parts) == 1:
                    found.append(entry(path, content))
            return self._json(found)

        def _paths(self, commit: Commit) -> None:
            asked = json.loads(self._body) if self._body[:1] == b"{" else parse_qs(self._body.decode())
            found = []
            for path in asked["paths"]:
                if path in commit.files:
                    found.append(entry(path, commit.files[path]))
                elif any(file.startswith(f"{path}/") for file in commit.files):
                    found.append({"type": "directory", "oid": blob(path.encode()), "size": 0, "path": path})
            return self._json(found)

        def _file(self, kind: str, name: str, revision: str, path: str) -> None:
            if self._refused(name, kind):
                return None
            commit = hub.repositories[name].find(revision)
            if commit is None:
                return self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
            if path not in commit.files:
                return self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit.oid})
            content = commit.files[path]
            tag = hashlib.sha256(content).hexdigest() if is_large(path) else blob(content)
            headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
            if is_large(path):
                headers |= {"X-Linked-Etag": f'"{tag}"', "X-Linked-Size": str(len(content))}
            asked = self.headers.get("Range")
            if asked:
                first, _, last = asked.removeprefix("bytes=").partition("-")
                begin, end = int(first), min(int(last or len(content) - 1), len(content) - 1)
                headers["Content-Range"] = f"bytes {begin}-{end}/{len(content)}"
                return self._send(206, content[begin : end + 1], headers)
            return self._send(200, content, headers)

        # Answers

        def _json(self, content: object) -> None:
            self._send(200, json.dumps(content).encode())

        def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            if self._mood == "lost":
                return self._hang_up()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json")
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.end_headers()
            if self._mood == "half":
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                return self._hang_up()
            if self.command != "HEAD":
                self.wfile.write(content)
            return None

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # connections that the tests cut

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def online(hub: Hub, home: Path, token: str | None = None) -> dict[str, str]:
    """Environment of a program that takes this Hub for the real one; large files go by plain HTTP."""
    found = {
        **os.environ,
        "HF_ENDPOINT": hub.endpoint,
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
    }
    found.pop("HF_TOKEN", None)
    return found | ({"HF_TOKEN": token} if token else {})
