"""A browser without a window, told what to do by chromedriver's WebDriver protocol
(https://www.w3.org/TR/webdriver2/), with nothing but Python's own library."""
import base64
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Home": "\ue011", "End": "\ue010", "PageDown": "\ue00f",
        "Left": "\ue012", "Up": "\ue013", "Right": "\ue014", "Down": "\ue015", "Shift": "\ue008"}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Browser:
    def __init__(self, width=1400, height=1000, dark=False, netlog=None):
        self.home = tempfile.TemporaryDirectory()
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdout=subprocess.DEVNULL, start_new_session=True,
                                       stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home.name})
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
                     f"--user-data-dir={self.home.name}/profile", f"--window-size={width},{height}"]
        if netlog:
            arguments.append(f"--log-net-log={netlog}")
        self.session = None
        value = self.start({"browserName": "chrome", "goog:chromeOptions": {"args": arguments, "binary": "/usr/bin/chromium"},
                            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}})
        self.session = value["sessionId"]
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def start(self, capabilities):
        for _ in range(200):
            try:
                return self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            except (ConnectionError, urllib.error.URLError) as error:
                if isinstance(error, urllib.error.HTTPError):
                    raise
                time.sleep(0.05)
        raise TimeoutError("chromedriver does not answer")

    def call(self, method, path, body=None):
        where = f"http://127.0.0.1:{self.port}" + (f"/session/{self.session}" if self.session else "") + path
        request = urllib.request.Request(where, method=method, data=json.dumps(body if body is not None else {}).encode() if method == "POST" else None,
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {json.load(error)['value']['message']}") from None

    def cdp(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def open(self, path):
        self.call("POST", "/url", {"url": path if ":" in path else "file://" + os.path.abspath(path)})

    def js(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, script, *args, seconds=20):
        """Until `script` gives something true; that."""
        end = time.monotonic() + seconds
        while True:
            value = self.js(script, *args)
            if value:
                return value
            if time.monotonic() > end:
                raise TimeoutError(script)
            time.sleep(0.02)

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click")

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, *keys):
        """Keys one after the other; "Shift+Left" holds the first."""
        actions = []
        for key in keys:
            held = [KEYS.get(part, part) for part in key.split("+")] if len(key) > 1 else [key]
            actions += [{"type": "keyDown", "value": k} for k in held] + [{"type": "keyUp", "value": k} for k in reversed(held)]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def click_at(self, x, y):
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
            {"type": "pointerMove", "x": round(x), "y": round(y), "duration": 0}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}]})

    def log(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def picture(self, path):
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.call("GET", "/screenshot")))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            os.killpg(self.driver.pid, signal.SIGTERM)
            self.driver.wait()
            try:
                self.home.cleanup()
            except OSError:
                pass  # the browser may still be writing to it
