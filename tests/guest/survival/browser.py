"""Debian's chromium, driven by Playwright.    browser.py CHROMIUM"""
import sys

from playwright.sync_api import sync_playwright

PAGE = """<h1 id=a>hello</h1><canvas id=c></canvas><script>
document.title = 't' + 6 * 7;
for (let i = 0; i < 500; i++) document.body.appendChild(document.createElement('p')).textContent = i;
</script>"""

with sync_playwright() as play:
    browser = play.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox", "--disable-gpu"])
    for number in range(3):
        page = browser.new_page()
        page.set_content(PAGE)
        print(page.title(), page.inner_text("#a"), page.locator("p").count(), page.evaluate("n => n * 7", number),
              len(page.screenshot()) > 1000)
        page.close()
    browser.close()
sys.exit(4)
