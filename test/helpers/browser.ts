// Opens report pages in Chromium, without scripts and without a network.
import { existsSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { type Browser, chromium, type Page } from "playwright-core"

const CHROMIUM = "/usr/bin/chromium"

/** No window, no sandbox (CI runs as root), and no network requests by Chromium itself. */
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

/** Why browser tests cannot run on this machine. Undefined if they can. */
export const whyNoBrowser = existsSync(CHROMIUM)
    ? undefined
    : `skipped: no Chromium at ${CHROMIUM}; apt-get install chromium`

export const launchBrowser = (): Promise<Browser> =>
    chromium.launch({ executablePath: CHROMIUM, args: FLAGS })

export interface Visit {
    page: Page
    /** Console messages, errors, and requests for other URLs than the page. */
    complaints: string[]
}

/** Returns by how many pixels a page is wider than its window, which forces the reader to scroll. */
export async function overflowPx(page: Page): Promise<number | undefined> {
    const [px] = await page
        .locator("html")
        .evaluateAll(([html]) => [html && html.scrollWidth - html.clientWidth])
    return px
}

/** Opens a file without a network and without scripts. The caller closes `page.context()`. */
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
        if (request.url() !== url) complaints.push(`request for ${request.url()}`)
    })
    await page.goto(url)
    return { page, complaints }
}
