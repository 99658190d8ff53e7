// The HTML report: its contents, the escaping of all values, and its layout in a real browser.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import {
    type TraceEvent,
    loadImages,
    parseSimulationPlan,
    type RunResult,
    runPlan,
} from "../../../../tools/simulator/index.js"
import { reportHtml } from "../../../../tools/simulator/report/index.js"
import { launchBrowser, overflowPx, visitFile, whyNoBrowser } from "../../../helpers/browser.js"

const PLAN = `
name: small
about: Ten boards, and a hub that goes away.
durationSec: 900
boards: { count: 10 }
hubs: [{ hostName: hub-1.azure-devices.net }]
quotas: { dpsRegistrations: { calls: 5, perSec: 60 } }
events:
    - { do: hostDown, atSec: 200, host: hub-1.azure-devices.net, forSec: 60 }
mooredWithinSec: 600
`
const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&{{b}}`
/** Maximum numbers that a run keeps. */
const KEPT = { violations: 50, recent: 50, timelines: 20, bins: 600 }

let cleanRun: RunResult

beforeAll(async () => {
    const plan = parseSimulationPlan(PLAN, "small.yaml")
    cleanRun = await runPlan({ plan, seed: 7, images: await loadImages() })
})

/** Returns trace events of a board that fails every `everyMs`, with `text` as service and detail. */
function failures(board: string, count: number, everyMs: number, text: string): TraceEvent[] {
    return Array.from({ length: count }, (_, i) => i * everyMs).flatMap((ms): TraceEvent[] => [
        { ms, board, kind: "dial", service: "dps", status: 0 },
        { ms: ms + everyMs / 4, board, kind: "register", service: "dps", status: 429, detail: text },
        { ms: ms + everyMs / 2, board, kind: "fail", service: text, detail: text },
    ])
}

/** Returns the real run with a violation added to each of `boards` boards. */
function runWithViolations(seed: number, boards: number, text: string, count = 20): RunResult {
    const ids = Array.from({ length: boards }, (_, i) => `board-${i}${text}`)
    return {
        ...cleanRun,
        seed,
        hubs: { ...cleanRun.hubs, [text]: 1 },
        moored: cleanRun.moored - 1,
        violationCount: boards,
        violations: ids.map(board => ({
            invariant: "hub-gap",
            sentence: "Attempts at a hub are at least 60 s apart.",
            board,
            ms: 123_456,
            what: `only 3.0 s after the last attempt ${text}`,
            recent: failures(board, KEPT.recent / 3, 1000, text),
        })),
        timelines: ids
            .slice(0, KEPT.timelines)
            .map(board => ({ board, events: failures(board, count, 1000, text) })),
    }
}

/** Returns the text of the page without markup. */
const textOf = (html: string) => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")
const headingsOf = (html: string) => [...html.matchAll(/<h([123])[^>]*>([^<]*)/g)].map(([, , text]) => text)

describe("the report of one run", () => {
    test("starts with the result", () => {
        expect(headingsOf(reportHtml([cleanRun]))[0]).toMatch(
            /^10 of 10 boards moored, the last after \d+( min \d+)? (s|min); 0 violations$/
        )
    })

    test("has every figure twice: for wide and for narrow screens", () => {
        const html = reportHtml([cleanRun])
        expect(headingsOf(html).slice(1)).toEqual([
            "Violations",
            "Charts",
            "Moored boards over time",
            "DPS calls and 429 answers per second",
            "Time to moored",
            "Boards per hub",
            "Failed connections per board",
            "Hub connections per second",
            "Totals",
            "Invariants",
            "Reproduce",
        ])
        expect(html.match(/<svg /g)).toHaveLength(12)
        expect(html).toContain("quota, 0.0833/s")
    })

    test("has a timeline for each board with a violation, with its last trace events", () => {
        const html = reportHtml([runWithViolations(3, 2, "")])
        expect(headingsOf(html)).toContain("Timelines of the boards with violations")
        const text = textOf(html)
        expect(text).toContain(
            "hub-gap Attempts at a hub are at least 60 s apart. board-0 2 min 3 s 123.456 s only 3.0 s after"
        )
        expect(text).toMatch(/board-1 at [\d.]+ s: hub-gap: only 3.0 s after the last attempt/)
        expect(text).toMatch(/1\.500 s board-0 fail/)
    })

    test("has the commands that reproduce the run, quoted for a shell", () => {
        const text = textOf(reportHtml([runWithViolations(3, 1, "")], { planName: "my plans/it's.yaml" }))
        const plan = "&#39;my plans/it&#39;\\&#39;&#39;s.yaml&#39;"
        expect(text).toContain(`moorage simulate ${plan} --seed 3`)
        expect(text).toContain(`moorage replay ${plan} --seed 3 --id board-0`)
    })

    test("gives the same bytes for the same run", () => {
        expect(reportHtml([runWithViolations(3, 2, "")])).toBe(reportHtml([runWithViolations(3, 2, "")]))
    })

    test("escapes all texts of boards and clouds", () => {
        const html = reportHtml([
            { ...runWithViolations(3, 2, HOSTILE), plan: HOSTILE, about: HOSTILE, traceHash: HOSTILE },
        ])
        expect(html).not.toMatch(/<script|<img|<[^>]*\son\w+=/i)
        expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;")
    })

    test("has no external references, and forbids them", () => {
        const html = reportHtml([runWithViolations(3, 2, "")])
        expect(html).not.toMatch(/https?:|\bsrc=|\bhref=|@import|url\((?!#)/)
        expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
    })

    test("is smaller than 2 MB for 1,000 boards with the most violations", () => {
        const bins = () => Array.from({ length: KEPT.bins }, (_, i) => (i * 7919) % 1000)
        const series = {
            binSec: 12,
            ...{ moored: bins(), registered: bins(), throttled: bins(), lookups: bins() },
            ...{ hubConnects: bins(), hubRefusals: bins() },
        }
        const html = reportHtml([
            {
                ...runWithViolations(3, KEPT.violations, "", 5000),
                boards: 1000,
                durationSec: 7200,
                series,
                mooredAfterSec: Array.from({ length: 1000 }, (_, i) => i * 7),
                retries: Array.from({ length: 500 }, (_, i) => i % 7),
            },
        ])
        expect(html.length).toBeLessThan(2_000_000)
    })
})

describe("the report of several seeds", () => {
    test("lists seeds with violations first, and shows the first of them", () => {
        const html = reportHtml([cleanRun, { ...cleanRun, seed: 8 }, runWithViolations(9, 2, "")], {
            planName: "small",
        })
        expect(headingsOf(html)[0]).toBe(
            "2 of 3 seeds without a violation; 29 of 30 boards moored; 2 violations"
        )
        expect(
            [...html.matchAll(/<code>(moorage simulate small[^<]+)/g)].map(([, command]) => command)
        ).toEqual([
            "moorage simulate small --seed 9",
            "moorage simulate small --seed 7",
            "moorage simulate small --seed 8",
        ])
        expect(headingsOf(html)).toContain("Seed 9")
        expect(html).toContain('id="timelines"')
    })

    test("shows the first seed if no seed has violations", () => {
        const html = reportHtml([cleanRun, { ...cleanRun, seed: 8 }])
        expect(headingsOf(html)).toContain("Seed 7")
        expect(html).not.toContain('id="timelines"')
    })

    test("without a completed run has only a headline", () => {
        expect(headingsOf(reportHtml([]))).toEqual(["No completed run"])
    })
})

if (whyNoBrowser !== undefined) console.log(whyNoBrowser)

describe.skipIf(whyNoBrowser !== undefined)("in a browser without scripts and without a network", () => {
    let folder: string
    let browser: Browser

    beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), "moorage-report-"))
        browser = await launchBrowser()
    })
    afterAll(async () => {
        await browser?.close()
        rmSync(folder, { recursive: true })
    })

    const PAGES = {
        "a run without violations": () => [cleanRun],
        "a run with violations and hostile texts": () => [runWithViolations(3, 5, HOSTILE)],
        "several seeds": () => [cleanRun, runWithViolations(3, 5, "")],
    }
    const READERS = [
        { width: 380, colorScheme: "dark" },
        { width: 1280, colorScheme: "light" },
    ] as const
    const cases = Object.entries(PAGES).flatMap(([name, results]) =>
        READERS.map(reader => ({ name, results, reader, width: reader.width }))
    )

    test.each(cases)(
        "$name at $width px: all charts are visible, no console message, no horizontal scrolling",
        async ({ results, reader }) => {
            const file = join(folder, "report.html")
            writeFileSync(file, reportHtml(results()))
            const { page, complaints } = await visitFile(browser, file, reader)
            const shown = await page.locator("svg:visible").count()
            const drawings = await page.locator("figure").count()
            const boxes = await Promise.all(
                (await page.locator("svg:visible").all()).map(svg => svg.boundingBox())
            )
            const tooWidePx = await overflowPx(page)
            await page.context().close()
            expect(complaints).toEqual([])
            expect(shown).toBe(drawings)
            expect(drawings).toBeGreaterThanOrEqual(6)
            for (const box of boxes) {
                expect(box?.width).toBeGreaterThan(250)
                expect(box?.height).toBeGreaterThan(100)
            }
            expect(tooWidePx).toBe(0)
        }
    )

    test("the page follows the colour scheme of the reader", async () => {
        const file = join(folder, "report.html")
        writeFileSync(file, reportHtml([cleanRun]))
        const colours = []
        for (const { colorScheme } of READERS) {
            const { page } = await visitFile(browser, file, { width: 800, colorScheme })
            const colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
            colours.push(colour)
            await page.context().close()
        }
        expect(colours).toEqual(["rgb(13, 17, 23)", "rgb(255, 255, 255)"])
    })
})
