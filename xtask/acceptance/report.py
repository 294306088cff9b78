"""Opens pages that `walk report` wrote in headless Chromium and uses them as a person would.

    report.py CHROMIUM SMALL.html LARGE.html CUT.html EMPTY.html PICTURES

Prints a line for each check, `ok` or `FAIL`, and leaves pictures of what it saw.
"""

import sys
import time

from playwright.sync_api import sync_playwright

CHROMIUM, SMALL, LARGE, CUT, EMPTY, PICTURES = sys.argv[1:]
# What it would fetch for itself is none of the page's business.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]
# Pairs of colours that text is written in.
PAIRS = [(text, ground) for text in ("ink", "quiet", "ok", "same", "fail", "stop", "open", "accent", "path")
         for ground in ("paper", "raised")]

# Where the middle of a bar of the first row is, when everything is shown.
FIRST_BAR = """() => {
    const bar = actions.flatMap((it) => it.attempts).find((it) => it.slot === 0);
    return 8 + ((bar.start + bar.duration / 2) / end) * (byId("timeline").clientWidth - 16);
}"""

# Things to use that a screen reader would have no name for.
NAMELESS = """() => Array.from(document.querySelectorAll("button, input, select, canvas, section, aside"))
    .filter((it) => it.getClientRects().length)
    .filter((it) => !(it.textContent.trim() || it.ariaLabel || it.labels?.length || it.getAttribute("aria-labelledby")))
    .map((it) => it.outerHTML)"""
# When the page was first seen, in milliseconds from its opening.
FIRST_PAINT = """performance.getEntriesByName("first-contentful-paint")[0].startTime"""


def check(name, is_good, seen=""):
    print(f"ok {name}" if is_good else f"FAIL {name}: {seen!r}", flush=True)


def luminance(color):
    parts = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.03928 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    bright, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (bright + 0.05) / (dark + 0.05)


class Reader:
    """A person with a window of a size, who likes light or dark pages."""

    def __init__(self, browser, file, width, theme):
        self.name = f"{width} {theme}"
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme)
        self.page = context.new_page()
        self.trouble = []
        self.page.on("console", lambda it: self.trouble.append(it.text))
        self.page.on("pageerror", lambda it: self.trouble.append(str(it)))
        self.page.on("request", lambda it: it.url.startswith("file:") or self.trouble.append(it.url))
        begin = time.monotonic()
        self.page.goto(f"file://{file}")
        self.page.wait_for_selector("#rows", state="attached")
        self.seconds = time.monotonic() - begin

    def check(self, name, is_good, seen=""):
        check(f"{self.name}: {name}", is_good, seen)

    def picture(self, name):
        self.page.wait_for_timeout(150)
        self.page.screenshot(path=f"{PICTURES}/{self.name.replace(' ', '-')}-{name}.png")

    def text(self, selector):
        return self.page.inner_text(selector)

    def drawing(self, name):
        """What a canvas shows, once it is drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        return self.page.evaluate(f"byId('{name}').toDataURL()")

    def rows(self):
        return self.page.locator("#rows tr").count()

    def focused(self):
        return self.page.evaluate("document.activeElement.id")

    def end(self):
        self.check("no message, no request", not self.trouble, self.trouble)
        self.page.context.close()


def look(reader):
    page = reader.page
    reader.picture("whole")
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    reader.check("nothing sticks out to the side", over <= 0, over)
    colors = page.evaluate("colors()")
    names = {"ink", "quiet", "ok", "same", "fail", "stop", "open", "accent", "path", "paper", "raised"}
    weak = [(a, b, round(contrast(colors[a], colors[b]), 2)) for a, b in PAIRS
            if {a, b} <= names and contrast(colors[a], colors[b]) < 4.5]
    reader.check("every text has a contrast of 4.5", not weak, weak)
    nameless = page.evaluate(NAMELESS)
    reader.check("everything has a name", not nameless, nameless)


def tab(reader):
    """The first stops of the tab key, and that it does not stay where arrows have a meaning."""
    page, stops = reader.page, []
    for _ in range(12):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.id || document.activeElement.className || document.activeElement.innerText"))
    head = ["skip", "theme", "link", "link", "link", "+", "−", "All", "timeline"]
    reader.check("the tab key goes from top to bottom", stops[:9] == head, stops)
    reader.check("and leaves the timeline", "search" in stops[9:], stops)
    page.focus("#filter")
    page.keyboard.press("/")
    reader.check("a slash goes to the search from the filter, too", reader.focused() == "search", reader.focused())
    page.evaluate("document.activeElement.blur()")


def search(reader):
    page, everything = reader.page, reader.rows()
    page.keyboard.press("/")
    reader.check("a slash goes to the search", reader.focused() == "search", reader.focused())
    page.keyboard.type("flaky")
    page.wait_for_timeout(200)
    reader.check("a search leaves what matches", reader.rows() == 1, reader.rows())
    page.keyboard.press("Enter")
    reader.check("enter selects the first", reader.text("#detail-title") == "flaky", reader.text("#detail-title"))
    reader.check("both attempts are told", "attempt 2: " in reader.text("#detail-body"), reader.text("#detail-body"))
    reader.check("it is said aloud", reader.text("#live").startswith("flaky, ok"), reader.text("#live"))
    reader.picture("found")
    page.focus("#search")
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    reader.check("escape ends the search", reader.rows() == everything, reader.rows())


def sort(reader):
    page = reader.page
    names = lambda: page.locator("#rows .link").all_inner_texts()
    page.click("[data-sort=name]")
    rising = names()
    page.click("[data-sort=name]")
    reader.check("names are sorted, up and down", rising == sorted(rising) and names() == rising[::-1], rising)
    told = page.get_attribute("th:has([data-sort=name])", "aria-sort")
    reader.check("the order is told", told == "descending", told)
    page.select_option("#filter", "fail")
    reader.check("only failures are shown", names() == ["broken"], names())
    page.click("#rows .link")
    output = reader.text("#detail-body pre")
    reader.check("the output has no escapes", "red" in output and "\x1b" not in output and "[31m" not in output, output)
    red = page.locator("#detail-body .ansi31").count()
    reader.check("and has its colours", red == 1, red)
    seen = page.locator("#detail-body pre span").evaluate_all("(all) => all.map((it) => [it.innerText.trim(), it.className])")
    worn = {text: names.split() for text, names in seen}
    reader.check("a new colour ends the one before", worn.get("green") == ["ansi32"], worn)
    reader.check("39 is no colour", worn.get("usual") == [], worn)
    reader.check("an indexed colour is not bold", "ansi1" not in worn.get("indexed", []), worn)
    reader.picture("failure")
    page.select_option("#filter", "")


def walk_list(reader):
    page = reader.page
    links = page.locator("#rows .link")
    links.first.focus()
    page.keyboard.press("ArrowDown")
    second = links.nth(1).inner_text()
    reader.check("arrows go along the list", reader.text("#detail-title") == second, reader.text("#detail-title"))
    told = page.locator("#rows tr[aria-selected=true] .link").all_inner_texts()
    reader.check("the row is told", told == [second], told)
    page.keyboard.press("Escape")
    reader.check("escape selects nothing", page.locator("#rows tr[aria-selected=true]").count() == 0)
    reader.check("and says so", reader.text("#live") == "Nothing is selected", reader.text("#live"))


def markup(reader):
    page = reader.page
    evil = page.locator("#rows .link", has_text="<b>")
    reader.check("a name with markup is text", evil.count() == 1, evil.count())
    evil.click()
    reader.check("and the page has none of it", page.locator("#detail b, #rows b").count() == 0)


def draw(reader):
    page = reader.page
    page.keyboard.press("Escape")
    page.focus("#timeline")
    page.keyboard.press("Home")
    first = reader.text("#detail-title")
    page.keyboard.press("ArrowRight")
    reader.check("arrows go along the timeline", reader.text("#detail-title") not in ("", first), first)
    for key in "+-0":
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    page.locator("#timeline").scroll_into_view_if_needed()
    page.click("#timeline", position={"x": page.evaluate(FIRST_BAR), "y": 30})
    clicked = reader.text("#detail-body")
    reader.check("a click in the first row selects what ran there", "in slot 0" in clicked, clicked)
    page.locator("#rows .link", has_text="gen").first.click()
    page.focus("#graph")
    page.keyboard.press("ArrowRight")
    reader.check("arrows go along the edges", reader.text("#detail-title") == "app", reader.text("#detail-title"))
    reader.check("the first cause is told", "gen: gen.py changed" in reader.text("#detail-body"), reader.text("#detail-body"))
    reader.picture("graph")
    page.locator("#detail-body .link").last.focus()
    page.keyboard.press("Enter")
    inside = page.evaluate("byId('detail').contains(document.activeElement)")
    reader.check("a link in the panel leaves the focus in it", inside, page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    link = page.locator("#rows .link", has_text="flaky")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(600)
    inside = page.evaluate("byId('detail').contains(document.activeElement)")
    reader.check("enter in the list goes to the panel", inside, reader.focused())
    page.keyboard.press("Escape")
    back = page.evaluate("document.activeElement.innerText")
    reader.check("escape goes back to the list", back == "flaky", back[:80])
    page.locator("#timeline").scroll_into_view_if_needed()
    before = page.locator("#timeline").bounding_box()["y"]
    page.click("#timeline", position={"x": page.evaluate(FIRST_BAR), "y": 30})
    page.wait_for_timeout(600)
    after = page.locator("#timeline").bounding_box()["y"]
    reader.check("nothing jumps away below the finger", abs(after - before) < 5, (before, after))
    touch = page.evaluate("getComputedStyle(byId('graph')).touchAction")
    reader.check("a finger on the graph can scroll the page", touch != "none", touch)


def zoom(reader):
    page = reader.page
    page.keyboard.press("Escape")
    for name in ("timeline", "graph"):
        canvas = page.locator("#" + name)
        canvas.scroll_into_view_if_needed()
        page.click(f"[data-{name}=all]")
        whole = reader.drawing(name)
        page.click(f"[data-{name}=in]")
        near = reader.drawing(name)
        reader.check(f"the {name} is seen from nearer", near != whole)
        box = canvas.bounding_box()
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 40, middle[1], steps=4)
        page.mouse.up()
        reader.check(f"the {name} is dragged", reader.drawing(name) != near)
        page.click(f"[data-{name}=all]")
        reader.check(f"the {name} is seen as a whole again", reader.drawing(name) == whole)
    spot = "() => [byId('timeline').getBoundingClientRect().x + (" + FIRST_BAR + ")(), byId('timeline').getBoundingClientRect().y + 30]"
    page.locator("#timeline").scroll_into_view_if_needed()
    page.mouse.move(*page.evaluate(spot))
    told = page.get_attribute("#timeline", "title")
    reader.check("the pointer tells what it is on", "ms" in (told or ""), told)


def theme(reader):
    page = reader.page
    ground = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
    before = ground()
    page.click("#theme")
    reader.check("the theme can be changed", ground() != before, before)
    label = page.inner_text("#theme")
    reader.check("and the button says what it does", label == ("Light" if "light" in reader.name else "Dark"), label)
    reader.picture("other-theme")


def cut(browser):
    """Records that end where their run was killed, and before anything was to be done."""
    reader = Reader(browser, CUT, 1280, "light")
    reader.name = "cut record"
    reader.check("it says that it was killed", "killed" in reader.text("#facts"), reader.text("#facts"))
    reader.picture("whole")
    reader.end()
    reader = Reader(browser, EMPTY, 1280, "light")
    reader.name = "empty record"
    reader.check("it says that nothing ran", "Nothing ran." in reader.text("#critical-text"), reader.text("#critical-text"))
    for key in ("/", "Enter", "Escape"):
        reader.page.keyboard.press(key)
    for name in ("timeline", "graph"):
        reader.page.focus("#" + name)
        for key in ("Home", "End", "ArrowRight", "ArrowDown", "ArrowLeft", "+", "-", "0"):
            reader.page.keyboard.press(key)
    reader.picture("whole")
    reader.end()


def large(browser):
    reader = Reader(browser, LARGE, 1280, "light")
    reader.name = "10,000 actions"
    reader.check("open in two seconds", reader.seconds < 2, reader.seconds)
    print(f"   opened in {reader.seconds:.2f} s", flush=True)
    paint = reader.page.evaluate(FIRST_PAINT)
    reader.check("something is seen in a second", paint < 1000, paint)
    reader.check("a part of the list is shown", reader.rows() == 200, reader.rows())
    begin = time.monotonic()
    reader.page.fill("#search", "a009999")
    reader.page.wait_for_selector("#rows tr:nth-child(2)", state="detached")
    reader.check("found in a second", time.monotonic() - begin < 1, time.monotonic() - begin)
    reader.page.click("#rows .link")
    reader.page.locator("#graph").scroll_into_view_if_needed()
    reader.picture("graph")
    frames = """() => new Promise((done) => {
        const canvas = document.getElementById("graph"), begin = performance.now();
        let left = 10;
        const next = () => left-- ? (select(left), requestAnimationFrame(next)) : done((performance.now() - begin) / 10);
        next();
    })"""
    each = reader.page.evaluate(frames)
    reader.check("drawn in 200 ms", each < 200, each)
    print(f"   drawn in {each:.0f} ms", flush=True)
    reader.end()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    for width in (1280, 400):
        for theme_name in ("light", "dark"):
            reader = Reader(browser, SMALL, width, theme_name)
            for step in (look, tab, search, sort, walk_list, markup, draw, zoom, theme):
                step(reader)
            reader.end()
    cut(browser)
    large(browser)
    browser.close()
