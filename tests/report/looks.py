#!/usr/bin/python3
"""looks.py CHECK PAGE: whether a page of `sunshim report` can be read: by whom, in what light, on what screen, and on paper.
Prints "good", or fails with what is wrong."""
import sys

from browser import Browser
from page import READY, RESULT, SOCKET, TIME, all_rows, check, rows

# Each text that is shown, with its contrast to what is behind it, as WCAG 2.1 counts it.
CONTRASTS = """
    const channels = colour => { const [r, g, b, a = 1] = colour.match(/[0-9.]+/g).map(Number); return [r, g, b, a]; };
    const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3])).concat(1);
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                                          .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => element ? over(channels(getComputedStyle(element).backgroundColor), behind(element.parentElement)) : [255, 255, 255, 1];
    const ratio = (text, ground) => { const [high, low] = [light(over(text, ground)), light(ground)].sort((a, b) => b - a); return (high + 0.05) / (low + 0.05); };
    const found = [];
    for (const element of document.querySelectorAll('body *')) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!element.checkVisibility({ opacityProperty: true }) || !(own || element.placeholder)) continue;
        const style = getComputedStyle(element, own ? null : '::placeholder'), colour = channels(style.color);
        colour[3] *= Number(style.opacity);
        found.push([ratio(colour, behind(element)), `${element.tagName}.${element.className} ${(element.textContent || element.placeholder).slice(0, 30)}`]);
    }
    const card = channels(getComputedStyle(document.querySelector('.card')).backgroundColor);
    const probe = document.createElement('i');
    document.body.append(probe);
    for (const name of ['line', 'bars', 'denied', 'leak', 'injected', 'hint', 'node-line', 'process-line', 'accent']) {
        probe.style.color = `var(--${name})`;
        found.push([ratio(channels(getComputedStyle(probe).color), card) * 1.5, `--${name}, a line or a dot`]); // 3 is enough for these
    }
    probe.remove();
    return found;"""


def search(b, words):
    b.js("const f = document.getElementById('search'); f.value = arguments[0]; f.dispatchEvent(new Event('input'))", words)
    b.wait("return report.state.search === arguments[0]", words)


def width(b, pixels):
    b.cdp("Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=False)
    b.wait("return innerWidth === arguments[0] && report.graph.cy.width() === document.getElementById('graph').clientWidth", pixels)


def contrast(b):
    for theme in ("light", "dark"):
        b.js("for (let i = 0; i < 3 && document.documentElement.dataset.theme !== arguments[0]; i++) report.theme.next()", theme)
        b.js("document.head.append(Object.assign(document.createElement('style'), { textContent: '* { transition: none !important }' }))")
        for words in ("", "docker EACCES"):
            search(b, words)
            b.js("document.querySelector('.chip.k-trace').setAttribute('aria-pressed', 'true')")
            for tab in ("records", "denials", "leaks", "rules", "injections", "processes", "sockets"):
                b.click(f"#{tab}-tab")
                found = b.js(CONTRASTS)
                check(len(found) > 30, "only", len(found), "texts were found")
                faint = [[round(ratio, 2), what] for ratio, what in found if ratio < 4.5]
                check(not faint, theme, tab, "too faint:", faint[:5])


def marks(b):
    search(b, "DOCKER errno:eacces -bind")
    check(rows(b) and all("/run/docker.sock" in row[SOCKET] and row[RESULT] == "EACCES" for row in rows(b)), rows(b))
    marked = b.js("return [...new Set([...document.querySelectorAll('.rows mark')].map(mark => mark.textContent))]")
    check(sorted(marked) == ["EACCES", "docker"], "marked are", marked)
    b.click("#sockets-tab")
    check(b.js("return document.querySelector('#sockets-panel mark').textContent") == "docker", "no mark in the list")
    b.click("#records-tab")
    search(b, "<script>")
    check(b.js("return [...document.querySelectorAll('.rows mark')].every(mark => mark.textContent === '<script>' && !mark.children.length)"), "marks")
    search(b, "no-such-thing")
    check("Escape" in b.js("const e = document.querySelector('.grid .none'); return e.checkVisibility() ? e.textContent : ''"), "an empty table says nothing")
    check(b.js("return document.getElementById('graph-says').textContent").startswith("No socket"), "an empty graph says nothing")
    search(b, "")
    check(not b.js("return [...document.querySelectorAll('mark')].some(mark => mark.checkVisibility())"), "marks stay")
    check(not b.js("return document.querySelector('.grid .none').checkVisibility()"), "a full table says that it is empty")


def first(b):
    """Before anything is selected the page says where to look, and leads there."""
    links = b.js("return [...document.querySelectorAll('#details .link')].map(link => link.textContent)")
    check(links == ["2 denied", "1 leaked", "1 fault injected", "2 rules never used"], links)
    b.click("#details .link")
    check(b.js("return document.getElementById('denials-panel').checkVisibility() && document.activeElement.id") == "denials-tab", "the list is not opened")
    search(b, "zürich")
    check(b.js("return [...document.querySelectorAll('#details .link')].length") == 1, "what the filters leave out is counted")


def nothing(b):
    """A page without records says so, and has nothing that would look like a run in which nothing happened."""
    seen = b.js("return document.body.innerText")
    check("No records" in seen and "none of them is a record" in seen and "sunshim run --trace" in seen, seen)
    check("and 3 other logs:" in seen and b.js("return document.title.length") < 100, seen)
    check(not b.js("return ['graph', 'timeline', 'search', 'tabs'].some(id => document.getElementById(id).checkVisibility())"), "empty parts are shown")


def unused(b):
    """... but the rules of a policy, none of which was used."""
    check(b.js("return document.getElementById('rules-panel').innerText").count("never used") == 6, "the rules are not there")
    check(b.js("return document.getElementById('about').textContent").startswith("log · no records · sunshim"), b.js("return document.getElementById('about').textContent"))
    check(not b.js("return ['graph', 'timeline', 'search'].some(id => document.getElementById(id).checkVisibility())"), "empty parts are shown")


def labels(b):
    """Of long names there is the end to be seen, and names that fit are whole."""
    shown = b.js("return Object.fromEntries(report.graph.cy.nodes().map(node => [node.data('label'), node.data('shown')]))")
    for label, text in shown.items():
        if len(label) < 22:
            check(text == label, label, "is shown as", text)
        elif label.startswith("/very/long"):
            check("…" in text and text.startswith("/very") and text.endswith(label[-10:]), label, "is shown as", text)
    check(sum(label.startswith("/very/long") for label in shown) == 2, shown)
    check(all(b.js("return report.graph.cy.nodes().map(n => n.style('label') === n.data('shown'))")), "other labels are drawn")


def screens(b):
    """Narrow windows, and wide ones at 200 %, have a graph whose words can be read."""
    columns = "return new Set(report.graph.cy.nodes().map(node => Math.round(node.position('x')))).size"
    check(b.js(columns) == 3, "columns in a wide window:", b.js(columns))
    for pixels in (640, 400, 360):
        width(b, pixels)
        b.wait("return new Set(report.graph.cy.nodes().map(node => Math.round(node.position('x')))).size === 2")
        check(13 * b.js("return report.graph.cy.zoom()") >= 9, pixels, "pixels: letters of", 13 * b.js("return report.graph.cy.zoom()"))
        check(b.js("const d = document.getElementById('details'); return d.scrollHeight <= d.clientHeight"), "the details have to be scrolled")
        check(b.js("return document.documentElement.scrollWidth <= innerWidth"), "the page is wider than", pixels)
    width(b, 1400)
    b.wait("return new Set(report.graph.cy.nodes().map(node => Math.round(node.position('x')))).size === 3")


def wheel(b):
    """The wheel over the graph scrolls the page; with Ctrl it zooms. No layout leaves an empty yard behind."""
    turn = """
        const r = document.getElementById('graph').getBoundingClientRect(), before = report.graph.cy.zoom();
        const event = new WheelEvent('wheel', { deltaY: 300, ctrlKey: arguments[0], bubbles: true, cancelable: true, clientX: r.left + 200, clientY: r.top + 200 });
        document.querySelector('#graph canvas').dispatchEvent(event);
        return [event.defaultPrevented, report.graph.cy.zoom() === before]"""
    check(b.js(turn, False) == [False, True], "the wheel is taken from the page:", b.js(turn, False))
    check(b.js(turn, True) == [True, False], "Ctrl and the wheel do not zoom")
    height = "return document.getElementById('graph').clientHeight"
    for _ in range(3):
        b.js("document.getElementById('graph-more').click()")
    check(b.js("return report.graph.cy.nodes().length") > 120 and b.js(height) > 2000, "nodes", b.js("return report.graph.cy.nodes().length"), b.js(height))
    check(13 * b.js("return report.graph.cy.zoom()") >= 7, "letters of", 13 * b.js("return report.graph.cy.zoom()"))
    b.js("const l = document.getElementById('layout'); l.value = 'cose'; l.dispatchEvent(new Event('change'))")
    check(b.js(height) < 900, "the free layout is", b.js(height), "high")
    boxes = b.js("return report.graph.cy.nodes().map(node => node.boundingBox({ includeLabels: false }))")
    beside = sum(not (one["x2"] < two["x1"] or two["x2"] < one["x1"] or one["y2"] < two["y1"] or two["y2"] < one["y1"])
                 for i, one in enumerate(boxes) for two in boxes[:i])
    check(beside < 2 * len(boxes), beside, "pairs of", len(boxes), "boxes lie over each other")


def time(b):
    """Days are days, and what was chosen fills the timeline."""
    check([row[TIME] for row in rows(b)][-1] == "+2d 01:00:05.000000", rows(b))
    check(not b.js("return [...document.querySelectorAll('.rows .c-time')].some(e => e.scrollWidth > e.clientWidth)"), "times are cut")
    says = "return document.getElementById('timeline-legend').textContent"
    check("records in each 12.3 min" in b.js(says), b.js(says))
    b.js("document.getElementById('timeline').focus()")
    b.press("End", "Enter")
    check(0 < all_rows(b) < 4, all_rows(b))
    check("records in each 3.0" in b.js(says) and " s" in b.js(says), "chosen, and not looked at closer:", b.js(says))
    check("Escape" in b.js("return document.getElementById('timeline-says').textContent"), "no word about the way back")
    b.press("Escape")
    check("12.3 min" in b.js(says) and all_rows(b) == 4, "Escape does not lead back", b.js(says))


def paper(b):
    b.js("report.theme.next(); report.theme.next()")
    b.cdp("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    b.js("dispatchEvent(new Event('beforeprint'))")
    texts = b.js("return [...document.querySelectorAll('.rows .row')].map(row => row.getAttribute('aria-rowindex'))")
    check(texts == [str(i + 2) for i in range(22)], "rows on paper:", texts)
    faint = [[round(ratio, 2), what] for ratio, what in b.js(CONTRASTS) if ratio < 4.5]
    check(not faint, "faint on paper:", faint[:5])
    check(b.js("const i = document.getElementById('graph-paper'); return i.src.startsWith('data:image/png') && i.checkVisibility()"), "no graph on paper")
    check(not b.js("return document.getElementById('graph').checkVisibility() || document.getElementById('search').checkVisibility()"), "controls on paper")
    b.cdp("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    b.js("dispatchEvent(new Event('afterprint'))")
    check(b.js("return document.documentElement.dataset.shown") == "dark", "it stays light after printing")
    check(b.js("return document.getElementById('graph').checkVisibility()"), "no graph after printing")


def tree(b):
    """What a screen reader is told: (role, name, properties), in order."""
    nodes = b.cdp("Accessibility.getFullAXTree")["nodes"]
    return [(node["role"]["value"], node.get("name", {}).get("value", ""), {p["name"]: p["value"].get("value") for p in node.get("properties", [])})
            for node in nodes if not node["ignored"]]


def names(b):
    found = tree(b)
    nameless = [role for role, name, more in found if more.get("focusable") and not name and role not in ("RootWebArea", "generic")]
    check(not nameless, "without a name:", nameless)
    levels = [(more["level"], name) for role, name, more in found if role == "heading"]
    check([level for level, _ in levels] == [1, 2, 2, 2, 2], levels)
    check({"banner", "main", "complementary"} <= {role for role, _, _ in found}, "no landmarks")
    check(("tab", "Records 22") in [(role, name) for role, name, _ in found], "no tab")
    inside = b.js("return [...document.body.children].filter(e => e.checkVisibility() && e.innerText.trim()).map(e => e.tagName)")
    check(set(inside) <= {"A", "HEADER", "MAIN"}, "outside of the landmarks:", inside)
    b.press("?")
    check(("dialog", "Keys") in [(role, name) for role, name, _ in tree(b)], "the dialog has no name")
    b.press("Escape")
    # A search field that has the keyboard shows it, as everything else.
    b.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    check(not b.js("return [...document.querySelectorAll('*')].some(e => parseFloat(getComputedStyle(e).transitionDuration) > 0)"), "things move")


def scriptless(b):
    said = " ".join(name for _, name, _ in tree(b))
    check("JavaScript, which is off" in said and "sunshim report LOG" in said, said)
    check("Search" not in said and "Who talked" not in said, "parts without a function are shown:", said)


def main(name, page):
    with Browser() as b:
        if name == "scriptless":
            b.cdp("Emulation.setScriptExecutionDisabled", value=True)
        b.open(page)
        if name != "scriptless":
            b.wait(READY)
        globals()[name](b)
        severe = [entry["message"] for entry in b.log("browser") if entry["level"] == "SEVERE"]
        check(not severe, severe)
    print("good")


main(*sys.argv[1:])
