"""The page of `map --output html` in headless Chromium, driven over its own protocol through a pipe."""

import base64
import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path

from . import modes

ROOT = Path(__file__).resolve().parent.parent.parent
# Root needs --no-sandbox; without the others, the browser itself asks for the network.
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --hide-scrollbars --disable-dev-shm-usage --remote-debugging-pipe""".split()
PATIENCE = 120
DESKTOP, PHONE = (1280, 900), (375, 812)

# What a person would see, measured in the page. Only a script that the browser brings along runs: the page has none.
MEASURE = """
(() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const opaque = color => color.length < 4 || color[3] > 0;
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (opaque(color)) return color;
    }
    return [255, 255, 255];
  };
  const name = element => `${element.tagName.toLowerCase()}.${element.className}: ${element.textContent.slice(0, 40)}`;
  const width = document.documentElement.clientWidth;
  const faint = [], small = [], outside = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode, element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [one, two] = [light(parse(style.color)), light(behind(element))].sort((a, b) => b - a);
    if ((one + 0.05) / (two + 0.05) < 4.5) faint.push(`${((one + 0.05) / (two + 0.05)).toFixed(2)} ${name(element)}`);
    if (parseFloat(style.fontSize) < 11) small.push(`${style.fontSize} ${name(element)}`);
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.left < -0.5 || box.right > width + 0.5) outside.push(`${box.left}..${box.right} ${name(element)}`);
    }
  }
  const all = [...document.querySelectorAll("*")];
  const shown = document.querySelectorAll("h1, tbody, .who, td .value, td .dot, .at");
  const hidden = [...shown].filter(element => !element.checkVisibility() || element.getBoundingClientRect().height < 5).map(name);
  return {
    title: document.title,
    heading: document.querySelector("h1").textContent,
    rows: [...document.querySelectorAll("tbody")].map(row => row.innerText),
    classes: [...document.querySelectorAll("td.cell:not(.none)")].map(cell => cell.classList[1]),
    scroll: document.documentElement.scrollWidth,
    page: light(behind(document.body)),
    tags: [...new Set(all.map(element => element.tagName))],
    handlers: all.filter(element => [...element.attributes].some(a => a.name.startsWith("on") || /javascript:/i.test(a.value))).map(name),
    faint, small, outside, hidden,
  };
})()
"""


class Browser:
    """A Chromium with one page."""

    def __init__(self, program, profile):
        theirs_in, self.to = os.pipe()
        self.answers, theirs_out = os.pipe()
        # The browser reads what it is asked from 3 and answers on 4; by way of others, because the pipes may be these.
        command = f'exec "$0" "$@" 200<&{theirs_in} 201>&{theirs_out} 3<&200 4>&201'
        self.process = subprocess.Popen(
            ["bash", "-c", command, program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.left, self.number, self.events, self.session = b"", 0, [], None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def close(self):
        """Ends it, its children first: they write to the profile until then."""
        try:
            self.session = None
            self.ask("Browser.close")
        except (AssertionError, OSError):
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.answers)

    def read(self):
        """The next message."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.left:
            if not select.select([self.answers], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"the browser said nothing for {PATIENCE} s")
            piece = os.read(self.answers, 1 << 20)
            if not piece:
                raise AssertionError(f"the browser ended with {self.process.poll()}")
            self.left += piece
        message, self.left = self.left.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        """What the browser answers; what happens meanwhile is kept in `events`."""
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self.read()
            if message.get("id") == self.number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def show(self, page, size, scheme):
        """Loads the page anew; what is measured in it, and what happened."""
        width, height = size
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=size == PHONE)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events.clear()
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self.read())
        answer = self.ask("Runtime.evaluate", expression=MEASURE, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"the page cannot be measured: {answer['exceptionDetails']}")
        return answer["result"]["value"], list(self.events)

    def picture(self, file):
        """Writes what is shown to a PNG file."""
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(data))


def run_map(*args, cwd=ROOT):
    done = subprocess.run(["enable-dual-stack", "map", *map(str, args)], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"map {args}: exit code {done.returncode}:\n{done.stderr[:4000]}")
    return done.stdout


def look(host, directory, paths, cwd=ROOT):
    """The page over these paths is as it must be in every size and scheme; the measures of each."""
    page = directory / "map.html"
    page.write_text(run_map("--output", "html", *paths, cwd=cwd))
    told = json.loads(run_map("--output", "json", *paths, cwd=cwd))
    rows = [row for package in told["packages"] for section in package["sections"] for row in section["rows"]]
    measures = {}
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        browser = Browser(host.program, profile)
        try:
            for size in (DESKTOP, PHONE):
                for scheme in ("light", "dark"):
                    measured, events = browser.show(page, size, scheme)
                    what = f"{size[0]} px, {scheme}"
                    must_be_fine(measured, size, scheme, what)
                    must_be_quiet(events, page, what)
                    modes.equal(len(measured["rows"]), len(rows), f"rows at {what}")
                    modes.equal(sorted(measured["classes"]), sorted(cell["state"] for row in rows for cell in row["cells"]), f"states at {what}")
                    measures[size, scheme] = measured
                    if "PICTURES" in os.environ:
                        browser.picture(Path(os.environ["PICTURES"]) / f"{directory.name}-{size[0]}-{scheme}.png")
        finally:
            browser.close()
    return measures, told


def must_be_fine(measured, size, scheme, what):
    for complaint in ("faint", "small", "outside", "hidden", "handlers"):
        if measured[complaint]:
            raise AssertionError(f"{complaint} at {what}:\n" + "\n".join(measured[complaint][:20]))
    if measured["scroll"] > size[0]:
        raise AssertionError(f"the page is {measured['scroll']} px wide at {what}: it scrolls to the side")
    if (measured["page"] < 0.2) != (scheme == "dark"):
        raise AssertionError(f"the page has the brightness {measured['page']:.2f} at {what}")
    foreign = {"SCRIPT", "IMG", "IFRAME", "OBJECT", "EMBED", "FORM", "VIDEO", "AUDIO"} & set(measured["tags"])
    if foreign:
        raise AssertionError(f"the page has elements that it must not have: {foreign}")


def must_be_quiet(events, page, what):
    """No error, no warning, no word on the console, and nothing asked for but the page itself."""
    for event in events:
        method, params = event["method"], event.get("params", {})
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            raise AssertionError(f"{method} at {what}: {json.dumps(params)[:2000]}")
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if url != page.as_uri() and not url.startswith("data:"):
                raise AssertionError(f"the page asks for {url} at {what}")


def half_dual_stack(host, directory):
    measures, told = look(host, directory, ["tests/map/half"])
    for measured in measures.values():
        modes.equal(measured["heading"], "half dual-stack", "heading")
        text = "\n".join(measured["rows"])
        for package in told["packages"]:
            for row in (row for section in package["sections"] for row in section["rows"]):
                for cell in row["cells"]:
                    modes.contains(text, cell["value"] or {"missing": "missing", "unsaid": "not said"}[cell["state"]], "value")
                    modes.contains(text, f"{cell['file']}:{cell['line']}", "place")
                    modes.contains(text, cell["path"], "path")
                    modes.contains(text, cell["rule"] or "", "rule")


def several_packages(host, directory):
    for name in ("east", "west"):
        (directory / name).mkdir()
        for file in (ROOT / "tests" / "map" / "half").iterdir():
            text = file.read_text()
            (directory / name / file.name).write_text(text if name == "east" else text.replace("fd00:10:245", "fd00:10:244"))
    measures, told = look(host, directory, ["east", "west"], cwd=directory)
    modes.equal(len(told["packages"]), 2, "packages")
    modes.equal(measures[PHONE, "dark"]["heading"], "2 packages", "heading")


HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(2)>'&lt;</td></table><style>*{display:none}</style>\u202e"""


def hostile_names(host, directory):
    quoted = json.dumps(HOSTILE)
    folder = "a'b&<i>"
    (directory / folder).mkdir()
    (directory / folder / "x<b>&amp;.yaml").write_text(
        f"apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: {quoted}\n---\n"
        f"apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nname: a\nnetworking:\n  ipFamily: {quoted}\n  podSubnet: 10.1.0.0/16\n---\n"
        f"apiVersion: crd.projectcalico.org/v1\nkind: FelixConfiguration\nmetadata: {{name: {quoted}, namespace: {quoted}}}\n"
        f"spec: {{ipv6Support: {quoted}}}\n---\n"
        f"apiVersion: crd.projectcalico.org/v1\nkind: IPPool\nmetadata: {{name: {'longname' * 40}}}\nspec: {{cidr: 10.2.0.0/16}}\n"
    )
    measures, _ = look(host, directory, [folder], cwd=directory)
    for measured in measures.values():
        text = "\n".join(measured["rows"])
        for piece in ("<script>alert(1)</script>", "<img src=x onerror=alert(2)>'&lt;", "x<b>&amp;.yaml", "longname" * 40):
            modes.contains(text, piece, "hostile text as it is")


def nothing_to_show(host, directory):
    (directory / "a.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")
    look(host, directory, ["a.yaml"], cwd=directory)


def real_manifests(host, directory):
    corpus = os.environ.get("DUAL_STACK_CORPUS")
    if not corpus:
        raise modes.Missing("DUAL_STACK_CORPUS is not set")
    look(host, directory, [Path(corpus) / "corpus" / "calico" / "v3.32.1"])


MODES = [
    ("map: a half dual-stack cluster", half_dual_stack),
    ("map: several packages", several_packages),
    ("map: hostile names", hostile_names),
    ("map: nothing to show", nothing_to_show),
    ("map: real manifests", real_manifests),
]
