"""The page in a real browser on a real store."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from trace_of_thought.models import ScriptedChatModel

pytestmark = pytest.mark.browser


def find(browser, css):
    return browser.find_element("css selector", css)


def until(browser, condition):
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 30, ignored_exceptions=(StaleElementReferenceException,)).until(lambda _: condition())


def press(browser, *keys):
    browser.switch_to.active_element.send_keys(*keys)


def requested_hosts(browser):
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return {urlsplit(url).netloc for url in urls if url.startswith("http")}


def test_the_whole_path_with_the_keyboard(browser, serve, pause, resume, queue, student):
    from selenium.webdriver.common.keys import Keys

    flagged = "1. 6 * 7 = 42.\n2. State it."
    first, second = pause(2, steps=flagged)
    plain = pause(3, start=2)
    page = serve(reviewer="ann")
    browser.get(page.url)
    assert "5 waiting" in find(browser, "h1").text
    assert len(browser.find_elements("css selector", "#queue a")) == 5

    press(browser, "o")
    until(browser, lambda: "p0" in browser.title)
    assert find(browser, ".marks mark").text == "42"
    assert "a step computes a result" in find(browser, ".flags").text
    press(browser, "e")
    press(browser, Keys.CONTROL, "a")
    press(browser, Keys.NULL)
    press(browser, "Multiply six by seven.")
    press(browser, Keys.CONTROL, Keys.ENTER)
    until(browser, lambda: "p1" in browser.title)
    until(browser, lambda: "Approved with changes: p0" in find(browser, "#news").text)
    assert browser.switch_to.active_element.tag_name == "h1"
    edited = queue.item(first)
    assert (edited.decision, edited.reviewer) == ("edit", "ann")

    press(browser, "r")
    until(browser, lambda: "needs a comment" in find(browser, "#comment-note").text)
    press(browser, "do not compute")
    press(browser, Keys.ESCAPE)
    press(browser, "r")
    until(browser, lambda: queue.item(second).decision == "reject")
    assert queue.item(second).comment == "do not compute"
    teacher = ScriptedChatModel(script=lambda prompt: "1. Think of six.\n2. Take it seven times.")
    outputs = resume(teacher)
    assert outputs["t0"]["steps"] == ["Multiply six by seven.", "State it."]
    assert "1. Multiply six by seven.\n2. State it." in student.calls[0]
    assert "do not compute" in teacher.calls[0]

    browser.get(page.url)
    [again] = [item for item in queue.pending() if item.problem_id == "p1"]
    find(browser, f"#queue a[href='/items/{again.number}']").click()
    until(browser, lambda: find(browser, "[name=step]").get_attribute("value") == "Think of six.")
    press(browser, "a")
    until(browser, lambda: queue.item(again.number).decision == "approve")
    press(browser, "u")
    until(browser, lambda: "Undone" in find(browser, "#news").text)
    assert queue.item(again.number).state == "waiting"

    press(browser, "q")
    until(browser, lambda: browser.find_elements("css selector", "#bulk"))
    find(browser, "#bulk").click()
    until(browser, lambda: "Approved 4" in find(browser, "#news").text)
    assert {queue.item(number).decision for number in plain} == {"approve"}
    assert {output["status"] for output in resume().values()} == {"correct"}
    browser.get(page.url + "/history")
    assert [row.text.split()[3] for row in browser.find_elements("css selector", "tbody tr")][-2:] == ["reject", "edit"]
    assert requested_hosts(browser) == {urlsplit(page.url).netloc}
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_tab_visits_every_control_in_order_and_each_has_a_name(browser, serve, pause):
    from selenium.webdriver.common.keys import Keys

    [number, *_] = pause(2, steps="1. 6 * 7 = 42.\n2. State it.")
    page = serve(reviewer="ann")
    controls = "a[href], button:not(:disabled, dialog *), select, textarea, input:not([type=hidden]), [tabindex='0']"
    for path in ("/", f"/items/{number}", "/history", "/items/99"):
        browser.get(page.url + path)
        wanted = browser.find_elements("css selector", controls)
        assert [field.get_attribute("outerHTML") for field in wanted if not field.accessible_name] == []
        visited = []
        for _ in wanted:
            press(browser, Keys.TAB)
            visited.append(browser.switch_to.active_element)
        assert [field.accessible_name for field in visited] == [field.accessible_name for field in wanted]


def test_steps_are_added_moved_and_removed_in_place(browser, serve, pause, queue):
    [number] = pause(1)
    browser.get(f"{serve().url}/items/{number}")

    def steps():
        return [field.get_attribute("value") for field in browser.find_elements("css selector", "[name=step]")]

    find(browser, "[aria-label='Add a step after step 1']").click()
    until(browser, lambda: len(steps()) == 3)
    assert browser.switch_to.active_element.get_attribute("aria-label") == "Step 2"
    press(browser, "Check it.")
    find(browser, "[aria-label='Move step 2 down']").click()
    until(browser, lambda: steps() == ["Multiply 6 by 7.", "State the product.", "Check it."])
    find(browser, "[aria-label='Remove step 2']").click()
    until(browser, lambda: steps() == ["Multiply 6 by 7.", "Check it."])
    find(browser, "#approve").click()
    until(browser, lambda: queue.item(number).decision == "edit")
    assert queue.item(number).answer["decisions"][0]["edited_action"]["args"]["steps"] == ["Multiply 6 by 7.", "Check it."]


def test_an_edit_survives_a_restart_of_the_server(browser, serve, pause, queue):
    [number] = pause(1)
    page = serve()
    browser.get(f"{page.url}/items/{number}")
    field = find(browser, "[name=step]")
    field.clear()
    field.send_keys("Typed before,")
    until(browser, lambda: (draft := queue.drafts.get(queue.item(number), "")) and draft.steps[0] == "Typed before,")
    page.stop()
    field.send_keys(" and while the server was away.")
    until(browser, lambda: "kept in this browser" in find(browser, "#draft-note").text)
    serve(port=page.port)
    browser.refresh()
    assert find(browser, "[name=step]").get_attribute("value") == "Typed before, and while the server was away."
    until(browser, lambda: "away" in queue.drafts.get(queue.item(number), "").steps[0])
    find(browser, "#approve").click()
    until(browser, lambda: queue.item(number).decision == "edit")
    browser.get(f"{page.url}/items/{number}")
    assert find(browser, "[name=step]").get_attribute("value") == "Typed before, and while the server was away."
    assert "Multiply 6 by 7." in find(browser, ".changes").text


def test_what_arrives_shows_by_itself(browser, serve, pause):
    page = serve()
    browser.get(page.url)
    assert "Nothing waits" in find(browser, "#main").text
    pause(2)
    until(browser, lambda: len(browser.find_elements("css selector", "#queue a")) == 2)
    until(browser, lambda: find(browser, "#news").text == "2 waiting")


def test_an_open_page_is_told_that_its_item_was_decided_elsewhere(browser, serve, pause, queue):
    [number] = pause(1)
    browser.get(f"{serve(reviewer='ann').url}/items/{number}")
    press(browser, "e")
    press(browser, " And check it.")
    assert find(browser, "[name=step]").get_attribute("value") == "Multiply 6 by 7. And check it."
    until(browser, lambda: queue.drafts.get(queue.item(number), "ann"))
    queue.decide(number, "approve", reviewer="bob")
    until(browser, lambda: "Bob has decided on p0 already" in find(browser, "#meanwhile [role=alert]").text)
    assert not find(browser, "#approve").is_enabled()
    find(browser, "#meanwhile a").click()
    until(browser, lambda: "And check it" in find(browser, ".changes ins").text)
    find(browser, "#use-mine").click()
    until(browser, lambda: find(browser, "[name=step]").get_attribute("value") == "Multiply 6 by 7. And check it.")
    assert queue.item(number).state == "waiting"


def test_sending_back_without_a_comment_asks_for_one_by_button_as_by_key(browser, serve, pause, queue):
    [number] = pause(1)
    browser.get(f"{serve().url}/items/{number}")
    find(browser, "#reject").click()
    until(browser, lambda: "needs a comment" in find(browser, "#comment-note").text)
    assert browser.switch_to.active_element.get_attribute("id") == "comment"
    assert queue.item(number).state == "waiting"


def test_several_are_selected_and_decided_with_the_keyboard(browser, serve, pause, queue):
    numbers = pause(3)
    browser.get(f"{serve().url}/?teacher=planner")
    for key in "jxjx":
        press(browser, key)
    until(browser, lambda: find(browser, "#chosen").text == "2 selected")
    [later] = pause(1, start=3)
    until(browser, lambda: len(browser.find_elements("css selector", "#queue a")) == 4)
    assert len(browser.find_elements("css selector", "[name=pick]:checked")) == 2
    find(browser, "#together [name=comment]").send_keys("use words")
    find(browser, "#reject-selected").click()
    until(browser, lambda: "Rejected 2" in find(browser, "#news").text)
    assert [queue.item(number).comment for number in (*numbers, later)].count("use words") == 2
    assert browser.current_url.endswith("/?teacher=planner")
    press(browser, "?")
    until(browser, lambda: find(browser, "#keys").is_displayed())
    press(browser, "a")
    assert queue.counts().waiting == 2


def test_an_address_can_be_sent_to_a_colleague(browser, serve, pause):
    [number, _] = pause(2)
    page = serve()
    browser.get(f"{page.url}/items/{number}?teacher=planner")
    find(browser, "[aria-label='Add a step after step 1']").click()
    until(browser, lambda: len(browser.find_elements("css selector", "[name=step]")) == 3)
    assert browser.current_url == f"{page.url}/items/{number}?teacher=planner"


@pytest.mark.parametrize("odd", ["".join(map(chr, range(1, 0xA0))), "\u2028\u2029\u200f\ufeff\ufffe\U000e0041", "a\r\rb\x0cc"])
def test_a_browser_sends_odd_characters_back_as_an_approval(browser, serve, pause, queue, odd):
    [number] = pause(1, steps=json.dumps({"steps": ["Multiply.", "State it." + odd, odd + "x"]}))
    browser.get(f"{serve().url}/items/{number}")
    find(browser, "#approve").click()
    until(browser, lambda: queue.item(number).decision)
    assert (queue.item(number).decision, queue.item(number).distance) == ("approve", 0)
    assert queue.item(number).given_steps == queue.item(number).steps


HOSTILE = (
    "1. <script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\n"
    "2. \x1b]0;owned\x07\x1b[2J $\\href{javascript:alert(1)}{x}$ </textarea><b id=out>out</b>\n"
    "3. \u202eevil\u202c " + "x" * 200_000
)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_hostile_teacher_harms_nothing(browser, serve, pause, queue, width):
    [number] = pause(1, steps=HOSTILE, question="<b>bold</b> $\\frac{1}{2}$ </div><script>document.title='owned'</script>")
    page = serve()
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    for path in ("/", f"/items/{number}"):
        browser.get(page.url + path)
        assert "owned" not in browser.title
        wide = "return [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth)"
        assert [element.get_attribute("outerHTML")[:60] for element in browser.execute_script(wide)] == []
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert browser.find_elements("css selector", "#out, #main script, #main img, #main b") == []
    assert find(browser, ".problem mfrac").tag_name == "mfrac"
    assert "‹U+202E›" in find(browser, ".seen, .flags ~ p").text or "‹U+202E›" in find(browser, "#main").text
    find(browser, "#approve").click()
    until(browser, lambda: queue.item(number).state == "decided")
    assert queue.item(number).decision == "approve"
    assert requested_hosts(browser) == {urlsplit(page.url).netloc}


def accessibility(browser, rules=()):
    """Return what axe-core finds on the page: rule, impact, and where."""
    package = pytest.importorskip("axe_playwright_python", reason="needs axe-core, from the extra 'dev'")
    browser.execute_script((Path(package.__file__).parent / "axe.min.js").read_text("utf-8"))
    found = browser.execute_async_script("axe.run(document, {}).then(arguments[0])")
    return [(each["id"], each["impact"], [node["html"][:90] for node in each["nodes"][:3]]) for each in found["violations"]]


ODD = "Say\u202e it\u200b.\nTwice: \x1b[2J"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser, serve, pause, queue, theme, width):
    first, again, refused, last = (
        *pause(1, steps="1. 6 * 7 = 42 $x^2$.\n2. " + ODD),
        *pause(1, start=1),
        *pause(1, start=2, steps="I'm sorry, I can't help with that."),
        *pause(1, start=3),
    )
    queue.decide(again, {"type": "edit", "args": {"steps": ["Multiply six by seven.", "Say it."]}}, reviewer="bob")
    queue.drafts.save(queue.item(first), ["Other words.", ODD], "why", "ann")
    queue.drafts.save(queue.item(again), ["Mine."], "mine", "ann")
    page = serve(reviewer="ann")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]})
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    paths = (
        "/",
        "/?flag=none",
        f"/items/{first}",
        f"/items/{again}",
        f"/items/{refused}",
        f"/items/{last}?undone=1",
        "/history",
    )
    for path in (*paths, "/items/99"):
        browser.get(page.url + path)
        assert accessibility(browser) == [], path
        picture(browser, f"{theme}-{width}-{path.strip('/').replace('/', '-').split('?')[0] or 'queue'}")
        if browser.find_elements("css selector", "#help"):
            press(browser, "?")
            assert accessibility(browser) == [], f"the keys on {path}"
            picture(browser, f"{theme}-{width}-keys")


def picture(browser, name):
    """Keep a picture of the page in the folder that TOT_SCREENSHOTS names."""
    if folder := os.environ.get("TOT_SCREENSHOTS"):
        browser.save_screenshot(f"{folder}/{name}.png")
