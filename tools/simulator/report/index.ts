// The report of one run or of several seeds: a page that can be read offline, without a script.
import type { RunResult } from "../trace/run-result.js"
import { figureMarkup } from "@moorage/report/html"
import { headline } from "./headline.js"
import { boardTimelinesFigure } from "./board-timelines-figure.js"
import { type Markup, markup } from "@moorage/report/html"
import { dpsFigure, hubRateFigure, mooredFigure } from "./over-time-figures.js"
import { pageHtml, type PageSection } from "@moorage/report/html"
import { type ReplayCommands, type ReplayOptions, replayCommands } from "../replay-command.js"
import { hubsFigure, mooringTimeFigure, retriesFigure } from "./distribution-figures.js"
import { invariantsMarkup, seedsMarkup, violationsMarkup } from "./result-tables.js"
import { allNumbers, keyNumbers } from "./run-tiles.js"
import { formatNumber } from "@moorage/report"

export interface ReportOptions extends ReplayOptions {
    /** The plan as the command was given it: a name, or a file; the name in the results unless given. */
    planName?: string
}

const FOOTER = markup`Made by <code>moorage simulate --report</code>. The same plan, seed and firmware give the same run.`

const FIGURES = [mooredFigure, dpsFigure, mooringTimeFigure, hubsFigure, retriesFigure, hubRateFigure]

function header(results: RunResult[]): Markup {
    const [first] = results
    const isBroken = results.some(({ violationCount }) => violationCount > 0)
    const verdict = isBroken
        ? markup`<span class="badge bad">a rule was broken</span>`
        : markup`<span class="badge good">every rule held</span>`
    const seeds = results.length === 1 ? `seed ${first?.seed}` : `${formatNumber(results.length)} seeds`
    return markup`<div class="plan">Moorage, plan <b>${first?.plan ?? ""}</b>, ${seeds}</div>
<h1>${headline(results)}</h1>
${first ? verdict : ""}
<p>${first?.about ?? ""}</p>
`
}

function runSections(result: RunResult, replay: ReplayCommands): PageSection[] {
    const lanes = boardTimelinesFigure(result)
    return [
        {
            id: "violations",
            heading: "Violations",
            body: markup`${violationsMarkup(result, replay)}${lanes && figureMarkup(lanes)}`,
        },
        {
            id: "plots",
            heading: "How it went",
            body: markup`${keyNumbers(result)}<div class="figures">${FIGURES.map(figure => figureMarkup(figure(result)))}</div>`,
        },
        { id: "totals", heading: "What was counted", body: allNumbers(result) },
    ]
}

function againSection({ seed, lanes }: RunResult, replay: ReplayCommands): PageSection {
    const board = lanes[0]?.board ?? "board-0"
    return {
        id: "again",
        heading: "See it again",
        body: markup`<p>A run is a pure function of plan, seed and firmware. The whole of it, and one board of it step by step:</p>
<pre>${replay.run(seed)}
${replay.board(seed, board)}</pre>`,
    }
}

/**
 * The page: of one run all figures; of several seeds a table, and the figures of the first with a violation, or else
 * of the first.
 */
export function reportHtml(results: RunResult[], options: ReportOptions = {}): string {
    const shown = results.find(({ violationCount }) => violationCount > 0) ?? results[0]
    const replay = replayCommands(options.planName ?? shown?.plan ?? "", options)
    const several: PageSection[] = [
        { id: "seeds", heading: "Seeds", body: seedsMarkup(results, replay) },
        {
            id: "shown",
            heading: `Seed ${shown?.seed}`,
            body: markup`<p>What follows is of this seed${shown?.violationCount ? ", the first with a violation" : ""}.</p>`,
        },
    ]
    const rules = { id: "rules", heading: "Rules that were checked", body: invariantsMarkup(results) }
    return pageHtml({
        title: `${shown?.plan ?? "no run"}: ${headline(results)}`,
        header: header(results),
        sections: shown
            ? [
                  ...(results.length > 1 ? several : []),
                  ...runSections(shown, replay),
                  rules,
                  againSection(shown, replay),
              ]
            : [],
        footer: FOOTER,
    })
}
