"""Tests of a server and its clients; conftest.py says how they run under sunshim."""
import contextlib
import socket
import subprocess
import sys
import threading

import pytest


@contextlib.contextmanager
def server(path):
    """Answers one client."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer():
            client, _ = listener.accept()
            with client:
                client.sendall(b"hello, " + client.recv(100))

        thread = threading.Thread(target=answer)
        thread.start()
        yield
        thread.join()
    path.unlink()


def greet(path, name):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(name.encode())
        return client.recv(100).decode()


def test_greets(tmp_path):
    with server(tmp_path / "s"):
        assert greet(tmp_path / "s", "tester") == "hello, tester"


def test_greets_another_process(tmp_path):
    code = f"import sys; sys.path.insert(0, {sys.path[0]!r}); import test_greeting; print(test_greeting.greet({str(tmp_path / 's')!r}, 'child'))"
    with server(tmp_path / "s"):
        assert subprocess.check_output([sys.executable, "-c", code], text=True) == "hello, child\n"


@pytest.mark.sunshim(policy="no-network", options=["--leftovers"],
                     expect="must unix (connect) peer=(addr=/**/s),\nmust not network (connect),")
def test_greets_by_its_socket_alone(tmp_path):
    with server(tmp_path / "s"):
        assert greet(tmp_path / "s", "tester") == "hello, tester"


@pytest.mark.sunshim(rules=["inject unix (connect) peer=(addr=/**/s) errno=ECONNREFUSED when=1,"])
def test_a_client_that_tries_again_is_greeted(tmp_path):
    with server(tmp_path / "s"):
        with pytest.raises(ConnectionRefusedError):
            greet(tmp_path / "s", "tester")
        assert greet(tmp_path / "s", "tester") == "hello, tester"
