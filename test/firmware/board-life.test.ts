// The normal life of a board: first boot, power cuts, record and planned reboot.
import { describe, expect, test } from "vitest"
import { bootUntilStable, registrationsOf } from "../helpers/board-calls.js"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

const DPS_PORTS = ["global.azure-devices-provisioning.net:8883", "global.azure-devices-provisioning.net:443"]

/** Returns `host:port` of each connection from number `first` on. */
function addressesOf(world: FirmwareWorld, first: number): string[] {
    return world.dials.slice(first).map(dial => `${dial.host}:${dial.port}`)
}

describe("a blank board", () => {
    test.each(["main", "maintight"] as const)("registers exactly once and moors (image: %s)", async image => {
        const world = await createWorld({ image })
        bootUntilStable(world)
        expect(registrationsOf(world)).toBe(1)
        expect(world.logged(/^moored/)).toHaveLength(1)
        expect(world.board.stats.panics).toBe(0)
    })

    test("polls no sooner than retry-after while DPS is assigning", async () => {
        const world = await createWorld({ image: "main", retryAfterSec: 4, assigningMs: 10_000 })
        bootUntilStable(world)
        const asked = world.cloud.history
            .filter(event => event.kind === "register" || event.kind === "poll")
            .map(event => event.atMs)
        expect(asked.length).toBe(4)
        for (let i = 1; i < asked.length; i++) expect(asked[i] - asked[i - 1]).toBeGreaterThanOrEqual(4000)
    })

    test("sends telemetry with uptime, boot number and reconnects", async () => {
        const world = await createWorld({ image: "main" })
        bootUntilStable(world)
        const telemetry = world.cloud.history.filter(event => event.kind === "telemetry")
        expect(telemetry.length).toBeGreaterThan(0)
        expect(JSON.parse(telemetry[0].body ?? "")).toEqual({
            uptimeSec: expect.any(Number),
            boot: expect.any(Number),
            reconnects: 0,
        })
    })
})

describe("a board after a power cut", () => {
    test("moors with one TLS handshake and without DPS (full image)", async () => {
        const world = await createWorld({ image: "main" })
        bootUntilStable(world)
        world.board.powerOff()
        const before = world.dials.length
        bootUntilStable(world)
        expect(addressesOf(world, before)).toEqual([
            expect.stringMatching(/^hub-.\.azure-devices\.net:8883$/),
        ])
        expect(world.board.stats.boot.tlsHandshakes).toBe(1)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: 0 })
    })

    test("moors with two TLS handshakes, one status lookup and no registration (tight image)", async () => {
        const world = await createWorld({ image: "maintight" })
        bootUntilStable(world)
        const flashWrites = world.board.stats.flashWrites
        world.board.powerOff()
        const before = world.dials.length
        const lookups = world.cloud.counters("board-1").lookups
        bootUntilStable(world)
        expect(addressesOf(world, before)).toEqual([DPS_PORTS[1], expect.stringMatching(/^hub-/)])
        expect(world.board.stats.boot.tlsHandshakes).toBe(2)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: lookups + 1 })
        expect(world.board.stats.flashWrites).toBe(flashWrites)
    })

    test("registers again when it was not stable before, because flash has no record (full image)", async () => {
        const world = await createWorld({ image: "main" })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.board.powerOff()
        bootUntilStable(world)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 2, lookups: 0 })
    })
})

describe("a board that stores its assignment", () => {
    test("writes its record once, after the stable time, and not again", async () => {
        const world = await createWorld({ image: "main" })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(9)
        expect(world.board.stats.flashWrites).toBe(0)
        world.advanceSec(5)
        expect(world.board.stats.flashWrites).toBe(1)
        for (let boot = 0; boot < 3; boot++) {
            world.board.powerOff()
            bootUntilStable(world)
        }
        expect(world.board.stats.flashWrites).toBe(1)
    })

    test("finds a record with names of 128 characters, which takes two settings", async () => {
        const hub = `${"h".repeat(128 - 18)}.azure-devices.net`
        const world = await createWorld({ image: "main", hubs: [hub], registrationId: "r".repeat(128) })
        bootUntilStable(world)
        world.board.powerOff()
        const before = world.dials.length
        bootUntilStable(world)
        expect(addressesOf(world, before)).toEqual([`${hub}:8883`])
    })

    test("ignores a record of another DPS and starts from DPS", async () => {
        const first = await createWorld({ image: "main" })
        bootUntilStable(first)
        first.board.powerOff()
        const moved = await createWorld({
            image: "main",
            flash: first.board.flash,
            settings: { DPS_HOST: "dps.example.net" },
        })
        bootUntilStable(moved)
        expect(moved.dials[0].host).toBe("dps.example.net")
    })
})

describe("the log of a board", () => {
    test.each(["main", "maintight"] as const)(
        "contains no key, token or signature (image: %s)",
        async image => {
            const world = await createWorld({ image, settings: {} })
            const seen: string[] = []
            world.board.on("dmesg", line => seen.push(line))
            bootUntilStable(world)
            world.board.powerOff()
            bootUntilStable(world)
            const all = [...seen, ...world.lines.map(line => line.text)].join("\n")
            expect(all).toContain("moored")
            expect(all).not.toContain(world.key)
            expect(all).not.toContain("SharedAccessSignature")
            expect(all).not.toContain("sig=")
        }
    )
})

describe("a board that runs for weeks", () => {
    test("reboots as planned between day 30 and day 45 and moors again without DPS", async () => {
        const world = await createWorld({ image: "main", settings: { TELEMETRY_SEC: 86_400 } })
        bootUntilStable(world)
        const bootedMs = world.clock.nowMs()
        expect(world.clock.advanceUntil(() => world.board.stats.resets > 0, 46 * 86_400_000)).toBe(true)
        const days = (world.clock.nowMs() - bootedMs) / 86_400_000
        expect(days).toBeGreaterThan(29.9)
        expect(days).toBeLessThan(45)
        world.untilLogged(/^moored/)
        expect(registrationsOf(world)).toBe(1)
    })
})
