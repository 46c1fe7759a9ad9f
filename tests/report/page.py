#!/usr/bin/python3
"""page.py CHECK PAGE: opens a page of `sunshim report` in a browser and looks at it as a person would. Prints "good", or
fails with what is wrong."""
import json
import socket
import sys
import threading

from browser import Browser

ROWS = "return [...document.querySelectorAll('.rows .row')].sort((a, b) => a.dataset.index - b.dataset.index).map(row => [...row.children].map(cell => cell.textContent))"
TIME, KIND, PROCESS, CALL, SOCKET, RESULT, TOOK, RULE = range(8)
READY = "return document.documentElement.dataset.ready"


def check(condition, *what):
    if not condition:
        raise SystemExit("wrong: " + " ".join(map(str, what)))


def rows(b):
    return b.js(ROWS)


def shown(b):
    """How many records are left, as the page says it."""
    return b.js("return document.getElementById('search-help').textContent")


def all_rows(b):
    """The table shows what is left."""
    return b.js("return report.state.rows.length")


def focused(b):
    return b.js("const e = document.activeElement; return e.id || e.className || e.tagName")


def at(b, label):
    """Where a node is on the screen."""
    return b.js("""
        const node = report.graph.cy.nodes().filter(node => node.data('label') === arguments[0])[0], r = document.getElementById('graph').getBoundingClientRect();
        return node ? [r.left + node.renderedPosition('x'), r.top + node.renderedPosition('y')] : null""", label)


def searches(b):
    b.press("/")
    check(focused(b) == "search", "/ does not go to the search field but", focused(b))
    b.press(*"docker")
    b.wait("return report.state.search === 'docker'")
    found = rows(b)
    check(len(found) == 2 and all("/run/docker.sock" in row[SOCKET] for row in found), "docker:", found)
    check(shown(b) == "2 of 22 records", shown(b))
    for words, wanted in [("errno:EACCES", 4), ("errno:eacces kind:trace", 2), ("pid:100", 4), ("call:recv", 1), ("duration_ns:>10000", 3), ("duration_ns:<1001", 1),
                          ("client -docker", 6), ('"made without"', 1), ("result:-1", 11), ("zürich", 1), ("no-such-thing", 0), ("nokey:x", 0),
                          ("", 22)]:
        b.js("const f = document.getElementById('search'); f.value = arguments[0]; f.dispatchEvent(new Event('input'))", words)
        b.wait("return report.state.search === arguments[0]", words)
        check(all_rows(b) == wanted, words, "finds", all_rows(b), "not", wanted)
        check(len(rows(b)) == wanted, words, "shows", len(rows(b)))


def filters(b):
    b.click(".chip.k-denied")
    check({row[KIND] for row in rows(b)} == {"DENIED"} and len(rows(b)) == 2, rows(b))
    check(b.js("return document.querySelector('.chip.k-denied').getAttribute('aria-pressed')") == "true", "not pressed")
    b.click(".chip.k-leak")
    check({row[KIND] for row in rows(b)} == {"DENIED", "LEAK"}, rows(b))
    check(b.js("return report.graph.cy.edges().length") == 4, "lines of the graph", b.js("return report.graph.cy.edges().map(e => e.data('says'))"))
    b.press("Escape")
    check(all_rows(b) == 22, "Escape leaves", all_rows(b))
    # A part of the time, by keys.
    b.js("document.getElementById('timeline').focus()")
    b.press("Home", "Shift+Right", "Shift+Right", "Enter")
    check(0 < all_rows(b) < 22, "a part of the time has", all_rows(b))
    check(all(float(row[TIME]) < 0.0001 for row in rows(b)), rows(b))
    b.click("#pills .pill")
    check(all_rows(b) == 22, "the time was not let go of")
    tabs = b.js("return [...document.querySelectorAll('#tabs button')].map(tab => tab.textContent)")
    check(tabs == ["Records 22", "Denials 2", "Leaks 1", "Rules 15", "Injections 1", "Processes 4", "Sockets 11"], tabs)
    # Denials, leaks, rules and injections are lists that filter, too.
    b.click("#denials-tab")
    check("no rule allows it" in b.js("return document.getElementById('denials-panel').textContent"), "denials")
    check("sample.policy:6" in b.js("return document.getElementById('denials-panel').textContent"), "denials lack the rule")
    b.click("#leaks-tab")
    history = b.js("return [...document.querySelectorAll('#leaks-panel .history li')].map(e => e.textContent)")
    check(history[0] == "socket inode 4711 accepted by server 100" and "FD_CLOEXEC" in history[1] and "descriptor 4" in history[2], history)
    b.click("#injections-tab")
    check("ECONNREFUSED" in b.js("return document.getElementById('injections-panel').textContent"), "injections")
    b.click("#rules-tab")
    rules = b.js("return [...document.querySelectorAll('#rules-panel .rule-entry')].map(e => [...e.children].map(c => c.textContent))")
    check(["5", "unix (bind) addr=@never,", "never used"] in rules and ["3", "unix addr=/run/app.sock,", "4 times"] in rules, rules)
    check("4 of 6 rules used" in b.js("return document.getElementById('rules-panel').textContent"), rules)
    b.js("[...document.querySelectorAll('#rules-panel .rule-entry')].find(e => e.textContent.includes('docker')).click()")
    check(all_rows(b) == 2, "the rule's records", all_rows(b))


def node(b):
    check(b.js("return document.getElementById('details').textContent").startswith("Select a node"), "details at first")
    x, y = at(b, "client 202")
    b.click_at(x, y)
    b.wait("return report.state.selection")
    check({row[PROCESS] for row in rows(b)} == {"client 202"} and len(rows(b)) == 6, rows(b))
    details = b.js("return document.getElementById('details').textContent")
    check("/usr/bin/client" in details and "/run/docker.sock" in details and "EACCES 4" in details, details)
    faded = b.js("return report.graph.cy.nodes('.faded').map(n => n.data('label'))")
    check("server 100" in faded and "client 202" not in faded and "/run/app.sock" not in faded, faded)
    b.click_at(*at(b, "/run/docker.sock"))
    b.wait("return report.state.selection.label === '/run/docker.sock'")
    check({row[SOCKET] for row in rows(b)} == {"/run/docker.sock"}, rows(b))
    b.press("Escape")
    check(all_rows(b) == 22 and not b.js("return report.graph.cy.elements('.faded').length"), "Escape does not let go")
    leaks = b.js("return report.graph.cy.edges('[kind=\"leak\"]').map(e => [e.data('says'), e.style('line-style')])")
    check(["leaked", "dashed"] in leaks, leaks)
    # A record's details, and from there to its process.
    b.js("document.querySelector('.rows .row').click()")
    check("duration_ns" in b.js("return document.getElementById('details').textContent"), "a record's details")
    b.click("#details button.link")
    check(b.js("return report.state.selection.label") == "server 100", "a link of the details")


def keys(b):
    order, outlines = [], []
    for _ in range(40):
        b.press("Tab")
        order.append(focused(b))
        outlines.append(b.js("const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2"))
        if order[-1] == "grid":
            break
    wanted = ["skip", "keys-button", "theme-button", "search", "timeline", "group-processes", "layout", "graph-fit", "graph", "details", "records-tab", "grid"]
    check([name for name in order if name in wanted] == wanted, order)
    check(all(outlines), [name for name, outline in zip(order, outlines) if not outline], "have no focus ring")
    b.press("Down", "Down")
    check(b.js("return report.state.row === report.state.rows[2] || report.state.row") in (True, 2), "Down in the table")
    b.press("End")
    check(b.js("return report.state.row === report.state.rows[21]"), "End in the table")
    check("UNSEEN" in b.js("return document.getElementById('details').textContent"), "the last record's details")
    b.press("Escape")
    b.js("document.getElementById('records-tab').focus()")
    b.press("Right")
    check(focused(b) == "denials-tab" and not b.js("return document.getElementById('denials-panel').hidden"), focused(b))
    b.press("Tab", "Down", "Enter")
    check(b.js("return report.state.selection.what === 'rows' && report.state.rows.length === 1"), "Enter in a list")
    b.press("Escape")
    b.js("document.getElementById('graph').focus()")
    b.press("Down", "Right", "Enter")
    check(b.js("return !!report.state.selection && report.state.selection.what"), "Enter in the graph")
    b.press("Escape")
    check(not b.js("return !!report.state.selection"), "Escape in the graph")
    b.press("?")
    check(b.js("return document.getElementById('keys').open"), "? opens no list of keys")
    b.press("Escape")
    check(not b.js("return document.getElementById('keys').open"), "Escape closes no dialog")


def luminance(b, element="document.body"):
    red, green, blue = b.js(f"return getComputedStyle({element}).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number)")
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def dark(b):
    light = luminance(b)
    b.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    b.wait("return document.documentElement.dataset.shown === 'dark'")
    check(light > 0.8 and luminance(b) < 0.2, "light", light, "dark", luminance(b))
    b.wait("return getComputedStyle(document.querySelector('.card')).backgroundColor === 'rgb(28, 32, 39)'")
    node = b.js("return report.graph.cy.nodes()[0].style('color')")
    check(node == "rgb(230,233,238)", "the graph stays light:", node)
    b.click("#theme-button")
    check(luminance(b) > 0.8, "the button does not make it light")
    b.press("t")
    check(luminance(b) < 0.2 and b.js("return document.getElementById('theme-button').textContent") == "Theme: dark", "t does not make it dark")
    # What is written must be readable in both.
    for _ in range(2):
        for name in ("text", "muted", "denied", "leak", "injected", "hint", "audit", "trace", "accent"):
            ratio = b.js("""
                const level = c => { const [r, g, b] = c.match(/[0-9a-f]{2}/gi).map(h => parseInt(h, 16) / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                                     return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
                const [high, low] = [report.theme.colour(arguments[0]), report.theme.colour('card')].map(level).sort((a, b) => b - a);
                return (high + 0.05) / (low + 0.05)""", name)
            check(ratio >= 4.5, name, "has a contrast of", ratio)
        b.js("document.getElementById('theme-button').click(); document.getElementById('theme-button').click()")


def hostile(b):
    check(b.js("return globalThis.forged === undefined && document.title") == "log - sunshim report", "a name ran as code")
    names = [row[SOCKET] for row in rows(b)]
    for name in ("@</script><script>globalThis.forged=1</script>", "@<!--<script>", "@<img src=x onerror=globalThis.forged=1>",
                 r"@\xe2\x80\xa8\xe2\x80\xa9", r"@\xff\xfe\x00", "@\"'&quot;\\\\x\\x0atime=1 sunshim=\"LEAK\"", "@{{data}}{{nonce}}", "@zürich"):
        check(name in names, name, "is not among", names)
    for tab in ("denials", "leaks", "rules", "processes", "sockets"):
        b.click(f"#{tab}-tab")
    b.js("for (const row of report.state.rows) report.state.set({ row })")
    check(b.js("return document.querySelectorAll('img:not(#graph-paper), b, main script').length") == 0, "a name made an element")
    check(b.js("return report.data.count") == 22 and b.js("return report.data.skipped") == 1, "a name forged a record")


def narrow(b):
    """In a window made smaller the graph is still whole, but not under the hands of somebody who looks at a part of it."""
    outside = """
        const cy = report.graph.cy, box = cy.elements().renderedBoundingBox();
        return box.x1 < 0 || box.x2 > document.getElementById('graph').clientWidth"""
    make = "const g = document.getElementById('graph'); g.style.width = arguments[0] + 'px'; new ResizeObserver((_, o) => { o.disconnect(); window.resized = arguments[0] }).observe(g)"
    check(not b.js(outside), "the graph is not whole")
    b.js(make, 260)
    b.wait("return window.resized === 260 && report.graph.cy.width() === 260")
    check(not b.js(outside), "the graph is cut off when the window gets narrow")
    b.js("report.graph.cy.zoom(3); report.graph.cy.emit('scrollzoom')")
    b.js(make, 300)
    b.wait("return window.resized === 300 && report.graph.cy.width() === 300")
    check(b.js("return report.graph.cy.zoom()") == 3, "the graph jumps while somebody looks at it")


def offline(b):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.5)
    came = []

    def wait_for_requests():
        try:
            while True:
                came.append(listener.accept()[1])
        except OSError:
            pass

    thread = threading.Thread(target=wait_for_requests)
    thread.start()
    where = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    said = b.call("POST", "/execute/async", {"script": """
        const done = arguments[arguments.length - 1], where = arguments[0];
        const image = new Image();
        image.src = where + 'image';
        const script = document.createElement('script');
        script.src = where + 'script';
        document.body.append(image, script);
        fetch(where).then(() => done('fetched'), () => done('refused'));""", "args": [where]})
    check(said == "refused", said)
    thread.join()
    check(not came, "requests came from", came)
    asked = [json.loads(entry["message"])["message"]["params"] for entry in b.log("performance") if '"Network.requestWillBeSent"' in entry["message"]]
    urls = [request["request"]["url"] for request in asked if not request["documentURL"].startswith("chrome:")] # the first, empty page
    check(sum(url.startswith("file:") for url in urls) == 1, "not the one file:", urls)
    check(all(url.startswith(("file:", "data:", where)) for url in urls), urls)


def big(b):
    check(all_rows(b) == 100000, all_rows(b))
    check(b.js("return document.querySelectorAll('.rows .row').length") < 200, "the table is not virtual")
    check(0 < b.js("return report.graph.cy.nodes().length") <= 60, "nodes", b.js("return report.graph.cy.nodes().length"))
    check("Show more" in b.js("return document.getElementById('graph-more').hidden ? '' : document.getElementById('graph-more').textContent"), "no way to see more")
    before = b.js("return report.graph.cy.nodes().length")
    b.click("#graph-more")
    check(b.js("return report.graph.cy.nodes().length") > before, "no more nodes")
    b.js("document.querySelector('.grid').scrollTop = 1e9")
    b.wait("return [...document.querySelectorAll('.rows .row')].some(row => row.dataset.index === '99999')")
    b.js("const f = document.getElementById('search'); f.value = 'conn-77 errno:ECONNREFUSED'; f.dispatchEvent(new Event('input'))")
    b.wait("return report.state.rows.length > 0 && report.state.rows.length < 100")
    check(all("@conn-77" in row[SOCKET] and row[RESULT] == "ECONNREFUSED" for row in rows(b)), rows(b)[:3])


def main(name, page):
    with Browser() as b:
        b.cdp("Performance.enable", timeDomain="threadTicks")
        b.open(page)
        b.wait(READY)
        metrics = {metric["name"]: metric["value"] for metric in b.cdp("Performance.getMetrics")["metrics"]}
        globals()[name](b)
        severe = [entry["message"] for entry in b.log("browser") if entry["level"] == "SEVERE"]
        check(name == "offline" or not severe, severe)
    # What the page's thread worked until all was to be seen: the wall's time is others', too.
    check(0 < metrics["TaskDuration"] < 3, "seconds until the first view:", metrics["TaskDuration"])
    print("good")


if __name__ == "__main__":
    main(*sys.argv[1:])
