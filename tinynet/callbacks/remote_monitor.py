"""`RemoteMonitor`: the logs of each epoch sent to a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.arguments import flag
from tinynet.callbacks.callback import Callback, Logs
from tinynet.errors import ArgumentError, warn

SECONDS = 10  # to wait for the server; training is not to stand still


class RemoteMonitor(Callback):
    """Sends the epoch (from 0) and its logs to root + path by POST, as JSON.

    root: begins with http:// or https://. field: the name of the form's field that holds the JSON.
    headers: further HTTP headers. send_as_json: send the JSON as such, not in a form.

    A server that does not answer within ten seconds, or answers with an error, is a warning, and training goes on.
    Source: https://keras.io/api/callbacks/remote_monitor/
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        if not isinstance(root, str) or not root.lower().startswith(("http://", "https://")):
            raise ArgumentError(f"RemoteMonitor: expected root to begin with http:// or https://, received {root!r}")
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = flag("RemoteMonitor", "send_as_json", send_as_json)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        import urllib.error  # here, as it takes a tenth of the time in which a model is loaded
        import urllib.parse
        import urllib.request

        content = json.dumps({"epoch": epoch, **{key: _told(value) for key, value in (logs or {}).items()}})
        headers = dict(self.headers or {})
        if self.send_as_json:
            headers.setdefault("Content-Type", "application/json")
        else:
            content = urllib.parse.urlencode({self.field: content})
        request = urllib.request.Request(self.root + self.path, content.encode(), headers, method="POST")
        try:
            urllib.request.urlopen(request, timeout=SECONDS).close()
        except (urllib.error.URLError, OSError) as error:
            warn(f"RemoteMonitor: could not reach the server at {self.root} ({error})")


def _told(value: Any) -> Any:
    return (value.item() if value.size == 1 else value.tolist()) if isinstance(value, (np.ndarray, np.generic)) else value
