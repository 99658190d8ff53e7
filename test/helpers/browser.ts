// A real browser for pages that we make: Debian's Chromium, without scripts and without a network.
import { existsSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { type Browser, chromium, type Page } from "playwright-core"

const CHROMIUM = "/usr/bin/chromium"

/** Without a window, a sandbox (CI is root) or anything that Chromium would ask of the network by itself. */
const FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

/** Why there can be no browser test on this machine; undefined where there can. */
export const whyNoBrowser = existsSync(CHROMIUM)
    ? undefined
    : `skipped: no Chromium at ${CHROMIUM}; apt-get install chromium`

export const launchBrowser = (): Promise<Browser> =>
    chromium.launch({ executablePath: CHROMIUM, args: FLAGS })

export interface Visit {
    page: Page
    /** What the page complained of on the console, errors it threw, and requests for anything but itself. */
    complaints: string[]
}

/** How many px a page is wider than its window: a reader would have to scroll sideways. */
export async function overflowPx(page: Page): Promise<number | undefined> {
    const [px] = await page
        .locator("html")
        .evaluateAll(([html]) => [html && html.scrollWidth - html.clientWidth])
    return px
}

/** Opens a file as a reader does who has neither a network nor scripts; close `page.context()` when done. */
export async function visitFile(
    browser: Browser,
    file: string,
    { width, colorScheme }: { width: number; colorScheme: "light" | "dark" }
): Promise<Visit> {
    const context = await browser.newContext({
        javaScriptEnabled: false,
        offline: true,
        viewport: { width, height: 900 },
        colorScheme,
    })
    const page = await context.newPage()
    const complaints: string[] = []
    const url = pathToFileURL(file).href
    page.on("console", message => complaints.push(`${message.type()}: ${message.text()}`))
    page.on("pageerror", error => complaints.push(error.message))
    page.on("request", request => {
        if (request.url() !== url) complaints.push(`asked for ${request.url()}`)
    })
    await page.goto(url)
    return { page, complaints }
}
