// Flash writes in a simulated year of one board, with the settings as they are when none is given.
import { type Random, seededRandom } from "@moorage/runtime"
import { flashSteps } from "@moorage/vm"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

const DAY_SEC = 86_400
const YEAR_DAYS = 365
const OFF_SEC = 3600

const YEARS: { image: "main" | "maintight"; what: string; cuts: boolean }[] = [
    { image: "main", what: "undisturbed", cuts: false },
    { image: "main", what: "a power cut a week", cuts: true },
    { image: "maintight", what: "undisturbed", cuts: false },
    { image: "maintight", what: "a power cut a week", cuts: true },
]

/** A week; with `cut`, an hour of it without power, at a moment by chance. */
function passWeek(world: FirmwareWorld, cut: boolean, random: Random): void {
    const beforeSec = random.next() * (7 * DAY_SEC - OFF_SEC)
    world.advanceSec(beforeSec)
    if (cut) world.board.powerOff()
    world.advanceSec(OFF_SEC)
    world.board.powerOn()
    world.advanceSec(7 * DAY_SEC - OFF_SEC - beforeSec)
}

async function year(image: "main" | "maintight", cuts: boolean) {
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
    for (let week = 0; week < YEAR_DAYS / 7 - 1; week++) passWeek(world, cuts, random)
    world.advanceSec((YEAR_DAYS * DAY_SEC - (world.clock.nowMs() - world.startMs) / 1000) | 0)
    const { stats } = world.board
    const { registrations } = world.cloud.counters("board-1")
    return { days, words, boots: stats.boots, flashWrites: stats.flashWrites, registrations }
}

/** Prints how often, and when, each image writes flash in a year. */
export async function benchFlash(): Promise<void> {
    console.log(`Flash writes of one board in ${YEAR_DAYS} simulated days, default settings`)
    for (const { image, what, cuts } of YEARS) {
        const { days, words, boots, flashWrites, registrations } = await year(image, cuts)
        const when =
            days.length > 0 ? ` (day ${days.map(day => day.toFixed(2)).join(", ")}; ${words} words)` : ""
        console.log(
            `  ${image.padEnd(10)} ${what.padEnd(19)} ${flashWrites} writes${when}, ${boots} boots, ${registrations} registration`
        )
    }
}
