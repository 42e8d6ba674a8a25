"""A small Hub on loopback that serves folders as repositories over real HTTP, as far as the real clients ask for it."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Hub:
    """Repositories by name, each a folder for every revision."""

    def __init__(self) -> None:
        self.revisions: dict[str, dict[str, Path]] = {}
        self.gated: set[str] = set()
        self.requests: list[str] = []
        self.endpoint = ""

    def add(self, name: str, folder: Path, *versions: str) -> None:
        """Publish a folder under `main` and the given versions."""
        for version in ("main", *versions):
            self.revisions.setdefault(name, {})[version] = folder

    def commit(self, name: str, revision: str) -> str | None:
        """Commit hash of a revision; a commit names itself."""
        for version, folder in self.revisions.get(name, {}).items():
            commit = hashlib.sha1(f"{name}{folder}".encode()).hexdigest()
            if revision in (version, commit):
                return commit
        return None

    def folder(self, name: str, revision: str) -> Path:
        """Folder behind a revision or a commit."""
        return next(f for v, f in self.revisions[name].items() if revision in (v, self.commit(name, v)))


def entry(file: Path, folder: Path) -> dict[str, object]:
    """A file as the tree of a repository lists it."""
    content = file.read_bytes()
    path = file.relative_to(folder).as_posix()
    return {"type": "file", "oid": hashlib.sha1(content).hexdigest(), "size": len(content), "path": path}


@contextmanager
def running(hub: Hub):
    """Serve a hub until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def log_message(self, *args: object) -> None:
            pass

        def _answer(self, *, body: bool) -> None:
            parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
            hub.requests.append(f"{self.command} {self.path}")
            if parts[:2] in (["api", "datasets"], ["api", "models"]):
                name, (kind, revision, *_) = "/".join(parts[2:4]), parts[4:6] or ["revision", "main"]
                return self._repository(name, revision, tree=kind == "tree")
            place = parts[1:] if parts[:1] == ["datasets"] else parts
            if place[2:3] == ["resolve"]:
                return self._file("/".join(place[:2]), place[3], "/".join(place[4:]), body=body)
            return self._send(404, b"{}")

        def _repository(self, name: str, revision: str, *, tree: bool) -> None:
            commit = hub.commit(name, revision)
            if name in hub.gated:
                return self._send(403, b'{"error": "gated"}', {"X-Error-Code": "GatedRepo"})
            if commit is None:
                code = "RevisionNotFound" if name in hub.revisions else "RepoNotFound"
                return self._send(404, b'{"error": "none"}', {"X-Error-Code": code})
            folder = hub.folder(name, revision)
            files = sorted(f for f in folder.rglob("*") if f.is_file() and ".adaptlabels" not in f.parts)
            if tree:
                return self._send(200, json.dumps([entry(file, folder) for file in files]).encode())
            content = {
                "id": name,
                "sha": commit,
                "private": False,
                "tags": [],
                "downloads": 0,
                "likes": 0,
                "siblings": [{"rfilename": file.relative_to(folder).as_posix()} for file in files],
            }
            return self._send(200, json.dumps(content).encode())

        def _file(self, name: str, revision: str, path: str, *, body: bool) -> None:
            commit = hub.commit(name, revision)
            if commit is None:
                return self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
            content = (hub.folder(name, revision) / path).read_bytes()
            headers = {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
            return self._send(200, content, headers, body=body)

        def _send(
            self, status: int, content: bytes, headers: dict[str, str] | None = None, *, body: bool = True
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json")
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.end_headers()
            if body and self.command != "HEAD":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
