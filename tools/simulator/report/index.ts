// The report of one run or of several seeds: an HTML page without scripts.
import type { RunResult } from "../trace/run-result.js"
import { figureMarkup, type Markup, markup, pageHtml, type PageSection } from "@moorage/report/html"
import { headline } from "./headline.js"
import { boardTimelinesFigure } from "./board-timelines-figure.js"
import { dpsFigure, hubRateFigure, mooredFigure } from "./over-time-figures.js"
import { type ReplayCommands, type ReplayOptions, replayCommands } from "../replay-command.js"
import { hubsFigure, mooringTimeFigure, retriesFigure } from "./distribution-figures.js"
import { invariantsMarkup, seedsMarkup, violationsMarkup } from "./result-tables.js"
import { allNumbers, keyNumbers } from "./run-tiles.js"
import { formatNumber } from "@moorage/report"

export interface ReportOptions extends ReplayOptions {
    /** Name or file of the plan, as it was passed to the command (default: the name in the results). */
    planName?: string
}

const FOOTER = markup`Created by <code>moorage simulate --report</code>. The same plan, seed and firmware give the same run.`

const FIGURES = [mooredFigure, dpsFigure, mooringTimeFigure, hubsFigure, retriesFigure, hubRateFigure]

function header(results: RunResult[]): Markup {
    const [first] = results
    const isBroken = results.some(({ violationCount }) => violationCount > 0)
    const verdict = isBroken
        ? markup`<span class="badge bad">invariant violated</span>`
        : markup`<span class="badge good">all invariants hold</span>`
    const seeds = results.length === 1 ? `seed ${first?.seed}` : `${formatNumber(results.length)} seeds`
    return markup`<div class="subtitle">Moorage, plan <b>${first?.plan ?? ""}</b>, ${seeds}</div>
<h1>${headline(results)}</h1>
${first ? verdict : ""}
<p>${first?.about ?? ""}</p>
`
}

function runSections(result: RunResult, replay: ReplayCommands): PageSection[] {
    const timelines = boardTimelinesFigure(result)
    return [
        {
            id: "violations",
            heading: "Violations",
            body: markup`${violationsMarkup(result, replay)}${timelines && figureMarkup(timelines)}`,
        },
        {
            id: "charts",
            heading: "Charts",
            body: markup`${keyNumbers(result)}<div class="figures">${FIGURES.map(figure => figureMarkup(figure(result)))}</div>`,
        },
        { id: "totals", heading: "Totals", body: allNumbers(result) },
    ]
}

function reproduceSection({ seed, timelines }: RunResult, replay: ReplayCommands): PageSection {
    const board = timelines[0]?.board ?? "board-0"
    return {
        id: "reproduce",
        heading: "Reproduce",
        body: markup`<p>A run is a pure function of plan, seed and firmware. The first command repeats the run. The second command shows one board step by step.</p>
<pre>${replay.run(seed)}
${replay.board(seed, board)}</pre>`,
    }
}

/**
 * Returns the page as HTML. For one run it has all figures. For several seeds it has a table, and the figures of the
 * first seed with a violation, or of the first seed.
 */
export function reportHtml(results: RunResult[], options: ReportOptions = {}): string {
    const shown = results.find(({ violationCount }) => violationCount > 0) ?? results[0]
    const replay = replayCommands(options.planName ?? shown?.plan ?? "", options)
    const several: PageSection[] = [
        { id: "seeds", heading: "Seeds", body: seedsMarkup(results, replay) },
        {
            id: "shown",
            heading: `Seed ${shown?.seed}`,
            body: markup`<p>The sections below show this seed${shown?.violationCount ? ", the first one with a violation" : ""}.</p>`,
        },
    ]
    const invariants = { id: "invariants", heading: "Invariants", body: invariantsMarkup(results) }
    return pageHtml({
        title: `${shown?.plan ?? "no run"}: ${headline(results)}`,
        header: header(results),
        sections: shown
            ? [
                  ...(results.length > 1 ? several : []),
                  ...runSections(shown, replay),
                  invariants,
                  reproduceSection(shown, replay),
              ]
            : [],
        footer: FOOTER,
    })
}
