"""A test suite that uses sockets in the ways that suites do; tests/e2e/test_learn_programs.c runs it."""
import os
import socket
import tempfile
import threading
import unittest

socket.setdefaulttimeout(3)


def listener(name):
    s = socket.socket(socket.AF_UNIX)
    s.bind(name)
    s.listen()
    return s


def echo_once(server):
    try:
        c, _ = server.accept()
        with c:
            c.sendall(c.recv(10))
    except OSError:
        pass  # the client says what is missing


class Sockets(unittest.TestCase):
    def test_stream_in_a_temporary_directory(self):
        with tempfile.TemporaryDirectory() as d, listener(d + "/s") as server, socket.socket(socket.AF_UNIX) as c:
            t = threading.Thread(target=echo_once, args=[server])
            t.start()
            try:
                c.connect(d + "/s")
                c.sendall(b"hi")
                self.assertEqual(c.recv(10), b"hi")
            finally:
                c.close()
                t.join()

    def test_name_with_a_pid(self):
        name = "/tmp/learn-suite-%d.sock" % os.getpid()
        with listener(name), socket.socket(socket.AF_UNIX) as c:
            c.connect(name)
        os.unlink(name)

    def test_several_workers(self):
        with tempfile.TemporaryDirectory() as d:
            for i in range(4):
                listener("%s/worker-%d" % (d, i)).close()

    def test_tcp_on_a_free_port(self):
        with socket.create_server(("127.0.0.1", 0)) as s, socket.create_connection(s.getsockname()) as c:
            a, _ = s.accept()
            with a:
                c.sendall(b"x")
                self.assertEqual(a.recv(1), b"x")

    def test_tcp_on_a_port_that_was_free(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            where = probe.getsockname()
        with socket.create_server(where), socket.create_connection(where):
            pass

    def test_udp_and_its_answer(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as c:
            s.bind(("127.0.0.1", 0))
            c.sendto(b"q", s.getsockname())
            _, who = s.recvfrom(10)
            s.sendto(b"a", who)
            self.assertEqual(c.recvfrom(10)[0], b"a")

    def test_pair(self):
        a, b = socket.socketpair()
        with a, b:
            a.send(b"1")
            self.assertEqual(b.recv(1), b"1")

    def test_datagrams_to_an_autobound_client(self):
        with tempfile.TemporaryDirectory() as d, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(d + "/d")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as c:
                c.bind("")
                c.sendto(b"q", d + "/d")
                _, who = s.recvfrom(10)
                s.sendto(b"a", who)
                self.assertEqual(c.recv(1), b"a")

    def test_what_is_not_there(self):
        with socket.socket(socket.AF_UNIX) as c, self.assertRaises(FileNotFoundError):
            c.connect("/nonexistent/socket")

    def test_what_refuses(self):
        with socket.socket() as s, socket.socket() as c:
            s.bind(("127.0.0.1", 0))
            with self.assertRaises(ConnectionRefusedError):
                c.connect(s.getsockname())

    def test_ipv6(self):
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as s:
            socket.create_connection(s.getsockname()[:2]).close()
            s.accept()[0].close()
