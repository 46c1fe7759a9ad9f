#!/usr/bin/python3
"""bench/page.py SUNSHIM [COUNT]: how long a page of COUNT records (100,000) takes: to be made, and to be seen in a browser."""
import os
import subprocess
import sys
import tempfile
import time

tests = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "report")
sys.path.insert(0, tests)
from browser import Browser  # noqa: E402

count = sys.argv[2] if len(sys.argv) > 2 else "100000"
with tempfile.TemporaryDirectory() as home:
    log, page = os.path.join(home, "log"), os.path.join(home, "page.html")
    with open(log, "wb") as out:
        subprocess.run([sys.executable, os.path.join(tests, "sample.py"), count], stdout=out, check=True)
    began = time.monotonic()
    subprocess.run([sys.argv[1], "report", log, "--html", page], check=True)
    print(f"{count} records: log {os.path.getsize(log) / 1e6:.1f} MB, page {os.path.getsize(page) / 1e6:.1f} MB, made in {time.monotonic() - began:.2f} s")
    seen = []
    for _ in range(5):
        with Browser() as browser:
            browser.open(page)
            seen.append(int(browser.wait("return document.documentElement.dataset.ready", seconds=60)) / 1000)
    print("seen after " + " ".join(f"{s:.2f}" for s in sorted(seen)) + " s")
