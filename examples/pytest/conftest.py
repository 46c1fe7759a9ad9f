"""pytest under sunshim: copy this file to the top of a test suite.

    pytest --sunshim no-network            the whole session under a policy; a test during which
    pytest --sunshim-rule 'RULE,'          something was denied fails, even if it ignored the error
    pytest --sunshim-option=--leftovers    any other option of sunshim run
    pytest -n 4 --sunshim no-network       the same with pytest-xdist

    @pytest.mark.sunshim(rules=["deny unix (connect) peer=(addr=/run/docker.sock),"],
                         expect="must unix (connect) peer=(addr=@{TMPDIR}/**),")
    def test_it(tmp_path): ...             one test, in a process of its own: also without --sunshim

SUNSHIM names the command if it is not on PATH.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

import pytest

INSIDE = "PYTEST_UNDER_SUNSHIM"  # set where a session runs under sunshim: where its records go
ALONE = "PYTEST_ALONE"  # set where a marked test runs in a process of its own
READ = pytest.StashKey[int]()  # bytes of the log that were looked at
WORKERS = pytest.StashKey[set]()  # their process ids, in a session of pytest-xdist
RECORD = re.compile(r' sunshim="DENIED" operation="([^"]*)" .* pid=(\d+) ppid=(\d+) comm=("(?:[^"\\]|\\.)*")')
ADDRESS = re.compile(r' (?:peer_addr|addr|faddr)=("(?:[^"\\]|\\.)*"|\S+)')


def pytest_addoption(parser):
    group = parser.getgroup("sunshim")
    group.addoption("--sunshim", action="append", default=[], metavar="POLICY", help="run the tests under this policy")
    group.addoption("--sunshim-rule", action="append", default=[], metavar="RULE", help="run the tests under this rule")
    group.addoption("--sunshim-option", action="append", default=[], metavar="OPTION", help="another option of sunshim run")


def pytest_configure(config):
    if hasattr(config, "workeroutput"):
        config.workeroutput["sunshim_pid"] = str(os.getpid())
    config.addinivalue_line("markers", "sunshim(policy=, rules=, expect=, options=): run this test alone under sunshim")


def sunshim_run(options, args):
    """The command line of a pytest with `args` under sunshim."""
    return [os.environ.get("SUNSHIM", "sunshim"), "run", *options, "--", sys.executable, "-m", "pytest", *args]


def layers(policies, rules):
    return [f"--policy={p}" for p in policies] + [f"--rule={r}" for r in rules]


# --- The whole session ------------------------------------------------------------------------

def pytest_cmdline_main(config):
    options = layers(config.getoption("sunshim"), config.getoption("sunshim_rule")) + config.getoption("sunshim_option")
    if not options or INSIDE in os.environ:
        return None
    with tempfile.TemporaryDirectory(prefix="sunshim-pytest-") as directory:
        log = os.path.join(directory, "log")
        command = sunshim_run([f"--log={log}", "--error-exitcode=1", *options], config.invocation_params.args)
        config.pluginmanager.getplugin("capturemanager").stop_global_capturing()
        return subprocess.call(command, env={**os.environ, INSIDE: log})


def denials(item):
    """What the log has more than at the last call."""
    log = os.environ.get(INSIDE)
    if not log or ALONE in os.environ or not os.path.exists(log):
        return []
    if item.config.getoption("sunshim_option"):
        time.sleep(0.05)  # records of a traced run go through sunshim
    with open(log, encoding="utf-8", errors="backslashreplace") as records:
        records.seek(item.session.stash.get(READ, 0))
        lines = records.readlines()
        item.session.stash[READ] = records.tell()
    # A worker of pytest-xdist is not told what other workers, and their children, were denied.
    mine = (str(os.getpid()),) if "PYTEST_XDIST_WORKER" in os.environ else None
    return [told(m, line) for line in lines for m in RECORD.finditer(line) if not mine or mine[0] in m.group(2, 3)]


def told(match, line):
    address = ADDRESS.search(line, match.end())
    return f"denied: {match.group(1)} {address.group(1) + ' ' if address else ''}by {match.group(4)} (pid {match.group(2)})"


# A worker does not know what its grandchildren are, and the others do not know whose they are: they are told at the end.

@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.stash.setdefault(WORKERS, set()).add(getattr(node, "workeroutput", {}).get("sunshim_pid", ""))


def pytest_terminal_summary(terminalreporter, config):
    log, workers = os.environ.get(INSIDE), config.stash.get(WORKERS, None)
    if not workers or not log or not os.path.exists(log):
        return
    with open(log, encoding="utf-8", errors="backslashreplace") as records:
        for line in records:
            for m in RECORD.finditer(line):
                if not workers & set(m.group(2, 3)):
                    terminalreporter.write_line("by no test that is known: " + told(m, line))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    found = denials(item)
    if found and report.passed:
        report.outcome = "failed"
        report.longrepr = "\n".join(found)
    elif found:
        report.sections.append(("sunshim", "\n".join(found)))


# --- One test -----------------------------------------------------------------------------------

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    mark = pyfuncitem.get_closest_marker("sunshim")
    if not mark or ALONE in os.environ:
        return None
    with tempfile.TemporaryDirectory(prefix="sunshim-pytest-") as directory:
        policy = mark.kwargs.get("policy")
        options = layers([policy] if policy else [], mark.kwargs.get("rules", [])) + list(mark.kwargs.get("options", []))
        if "expect" in mark.kwargs:
            expect = os.path.join(directory, "expectations")
            with open(expect, "w", encoding="utf-8") as file:
                file.write(mark.kwargs["expect"] + "\n")
            options.append(f"--expect={expect}")
        args = ["-q", "--no-header", "-p", "no:cacheprovider", f"--rootdir={pyfuncitem.config.rootpath}",
                f"{pyfuncitem.path}::{pyfuncitem.nodeid.split('::', 1)[1]}"]
        done = subprocess.run(sunshim_run(["--error-exitcode=1", *options], args), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="backslashreplace",
                              env={**os.environ, ALONE: pyfuncitem.nodeid})
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)
    return True
