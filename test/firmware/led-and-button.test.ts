// The status LED, the log, and the reprovision button.
import { describe, expect, test } from "vitest"
import { mooredHost } from "../helpers/board-calls.js"
import { GROUP_KEY, createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

const DISABLED = {
    enrollmentGroupId: "fleet",
    primaryKey: GROUP_KEY,
    provisioningStatus: "disabled",
} as const

/** Records when the LED changes, in ms from now on. */
function recordLed(world: FirmwareWorld) {
    const steps: { atMs: number; on: boolean }[] = []
    const startMs = world.clock.nowMs()
    world.board.on("light", light => steps.push({ atMs: world.clock.nowMs() - startMs, on: light.red > 0 }))
    return {
        steps,
        /** Returns the lengths of the last `count` complete phases, in ms rounded to 10 ms. */
        phases(count: number) {
            const all = steps.slice(1).map((step, i) => ({
                ms: Math.round((step.atMs - (steps[i] as { atMs: number }).atMs) / 10) * 10,
                on: steps[i]?.on,
            }))
            return {
                on: all
                    .filter(phase => phase.on)
                    .slice(-count)
                    .map(phase => phase.ms),
                off: all
                    .filter(phase => !phase.on)
                    .slice(-count)
                    .map(phase => phase.ms),
            }
        },
    }
}

describe("the status LED of the full image", () => {
    test("blinks once every 10 s while the board waits, blinks fast while it registers, and stays on when it is moored", async () => {
        const world = await createWorld({
            image: "main",
            settings: { SLOT: 1, SLOT_SEC: 120 },
            assigningMs: 20_000,
        })
        const light = recordLed(world)
        world.board.powerOn()
        world.untilLogged("slot in")
        world.advanceSec(60)
        expect(light.phases(3)).toEqual({ on: [100, 100, 100], off: [9900, 9900, 9900] })
        world.untilLogged("registering", 300)
        world.advanceSec(10)
        expect(light.phases(5)).toEqual({
            on: [250, 250, 250, 250, 250],
            off: [250, 250, 250, 250, 250],
        })
        world.untilLogged(/^moored/)
        world.advanceSec(1)
        const steps = light.steps.length
        expect(light.steps.at(-1)?.on).toBe(true)
        world.advanceSec(3000)
        expect(light.steps).toHaveLength(steps)
    })

    test("blinks slowly for a disabled board and for a malformed setting", async () => {
        const world = await createWorld({ image: "main" })
        world.cloud.dps.enrollments.putGroup(DISABLED)
        const light = recordLed(world)
        world.board.powerOn()
        world.untilLogged("next in")
        world.advanceSec(60)
        expect(light.phases(3)).toEqual({ on: [1000, 1000, 1000], off: [1000, 1000, 1000] })

        const wrong = await createWorld({ image: "main", settings: { ID_SCOPE: "" } })
        const ledOfBrokenBoard = recordLed(wrong)
        wrong.board.powerOn()
        wrong.untilLogged("setting ID_SCOPE is missing or malformed")
        wrong.advanceSec(60)
        expect(ledOfBrokenBoard.phases(3)).toEqual({ on: [1000, 1000, 1000], off: [1000, 1000, 1000] })
    })
})

describe("the log of a board", () => {
    test.each(["main", "maintight"] as const)(
        "has one line for each change of state, with reason and wait (image: %s)",
        async image => {
            const world = await createWorld({ image })
            world.board.powerOn()
            world.untilLogged("stable")
            world.cloud.hub(mooredHost(world)).disconnect("board-1")
            world.untilLogged(/^moored/, 300)
            world.untilLogged("stable")
            const boot = world.lines[0]?.text
            expect(boot).toMatch(
                image === "main" ? /^boot \d+ main board-1$/ : /^boot \d+ maintight board-1$/
            )
            const lines = world.lines.slice(1).map(line => line.text.replace(/hub-\d\S+/, "HUB"))
            expect(lines.filter(line => !line.startsWith("record"))).toEqual([
                "no assignment",
                "registering",
                "assigned HUB",
                "connecting HUB",
                "moored HUB",
                "stable",
                expect.stringMatching(/^closed by peer; next in \d+ s$/),
                "connecting HUB",
                "moored HUB",
                "stable",
            ])
        }
    )
})

describe("the reprovision button of the full image", () => {
    const registrations = (world: FirmwareWorld) => world.cloud.counters("board-1").registrations

    async function moored() {
        const world = await createWorld({ image: "main" })
        world.board.powerOn()
        world.untilLogged("stable")
        return world
    }

    test("makes the board register within 1 min when held for 5 s, and changes the LED immediately", async () => {
        const world = await moored()
        const light = recordLed(world)
        world.board.pressButton(5200)
        world.advanceSec(5.1)
        expect(light.steps.length).toBeGreaterThan(0)
        world.untilLogged(/^moored/, 70)
        expect(registrations(world)).toBe(2)
        world.advanceSec(600)
        expect(registrations(world)).toBe(2)
    })

    test("causes one registration when held for 1 min, and none when held for less than 5 s", async () => {
        const world = await moored()
        world.board.pressButton(4600)
        world.advanceSec(120)
        expect(registrations(world)).toBe(1)
        world.board.pressButton(60_000)
        world.advanceSec(300)
        expect(registrations(world)).toBe(2)
    })

    test("does not shorten a wait that DPS requested", async () => {
        const world = await createWorld({ image: "main" })
        world.cloud.dps.enrollments.putGroup(DISABLED)
        world.board.powerOn()
        world.untilLogged("next in")
        const waitSec = Number(/next in (\d+) s/.exec(world.logged("next in")[0].text)?.[1])
        const before = registrations(world)
        world.board.pressButton(5200)
        world.advanceSec(waitSec - 30)
        expect(registrations(world)).toBe(before)
        world.untilLogged("button held", 90)
    })
})
