// Counts the flash writes of one board in a simulated year with default settings.
import { type Random, seededRandom } from "@moorage/runtime"
import { flashSteps } from "@moorage/vm"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

const DAY_SEC = 86_400
const YEAR_DAYS = 365
const OFF_SEC = 3600

const CASES: { image: "main" | "maintight"; title: string; hasPowerCuts: boolean }[] = [
    { image: "main", title: "undisturbed", hasPowerCuts: false },
    { image: "main", title: "one power cut per week", hasPowerCuts: true },
    { image: "maintight", title: "undisturbed", hasPowerCuts: false },
    { image: "maintight", title: "one power cut per week", hasPowerCuts: true },
]

/** Advances a week. With a power cut, one random hour of the week is without power. */
function advanceWeek(world: FirmwareWorld, hasPowerCut: boolean, random: Random): void {
    const beforeSec = random.next() * (7 * DAY_SEC - OFF_SEC)
    world.advanceSec(beforeSec)
    if (hasPowerCut) world.board.powerOff()
    world.advanceSec(OFF_SEC)
    world.board.powerOn()
    world.advanceSec(7 * DAY_SEC - OFF_SEC - beforeSec)
}

/** Runs a board for a year. Returns the days of its flash writes and its counters. */
async function runYear(image: "main" | "maintight", hasPowerCuts: boolean) {
    const days: number[] = []
    let words = 0
    const world: FirmwareWorld = await createWorld({
        image,
        settings: { STABLE_SEC: undefined, TELEMETRY_SEC: undefined },
        tear(before, after) {
            days.push((world.clock.nowMs() - world.startMs) / 1000 / DAY_SEC)
            words += flashSteps(before, after).length
            return undefined
        },
    })
    const random = seededRandom(3)
    world.board.powerOn()
    for (let week = 0; week < YEAR_DAYS / 7 - 1; week++) advanceWeek(world, hasPowerCuts, random)
    world.advanceSec((YEAR_DAYS * DAY_SEC - (world.clock.nowMs() - world.startMs) / 1000) | 0)
    const { stats } = world.board
    const { registrations } = world.cloud.counters("board-1")
    return { days, words, boots: stats.boots, flashWrites: stats.flashWrites, registrations }
}

/** Prints how often and when each image writes flash in a year. */
export async function benchFlash(): Promise<void> {
    console.log(`Flash writes of one board in ${YEAR_DAYS} simulated days, default settings`)
    for (const { image, title, hasPowerCuts } of CASES) {
        const { days, words, boots, flashWrites, registrations } = await runYear(image, hasPowerCuts)
        const when =
            days.length > 0 ? ` (day ${days.map(day => day.toFixed(2)).join(", ")}; ${words} words)` : ""
        console.log(
            `  ${image.padEnd(10)} ${title.padEnd(22)} ${flashWrites} writes${when}, ${boots} boots, ${registrations} registration`
        )
    }
}
