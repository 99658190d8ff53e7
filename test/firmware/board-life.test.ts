import type { HubError } from "@moorage/emulator"
import { describe, expect, test } from "vitest"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

const DPS_PORTS = ["global.azure-devices-provisioning.net:8883", "global.azure-devices-provisioning.net:443"]

function calls(world: FirmwareWorld, since = 0): string[] {
    return world.dials.slice(since).map(dial => `${dial.host}:${dial.port}`)
}

/** Powers the board from blank and lets it become stable. */
function coldBoot(world: FirmwareWorld): void {
    world.board.powerOn()
    world.untilLogged(/^moored/)
    world.advanceSec(15)
}

describe("a blank board", () => {
    test.each(["main", "maintight"] as const)("%s registers exactly once and moors", async image => {
        const world = await createWorld({ image })
        coldBoot(world)
        expect(world.cloud.counters("board-1").registrations).toBe(1)
        expect(world.logged(/^moored/)).toHaveLength(1)
        expect(world.board.stats.panics).toBe(0)
    })

    test("polls no sooner than retry-after, however long DPS takes", async () => {
        const world = await createWorld({ image: "main", retryAfterSec: 4, assigningMs: 10_000 })
        coldBoot(world)
        const asked = world.cloud.history
            .filter(event => event.kind === "register" || event.kind === "poll")
            .map(event => event.atMs)
        expect(asked.length).toBe(4)
        for (let i = 1; i < asked.length; i++) expect(asked[i] - asked[i - 1]).toBeGreaterThanOrEqual(4000)
    })

    test("sends telemetry that the hub accepts, with uptime and boot", async () => {
        const world = await createWorld({ image: "main" })
        coldBoot(world)
        const telemetry = world.cloud.history.filter(event => event.kind === "telemetry")
        expect(telemetry.length).toBeGreaterThan(0)
        expect(JSON.parse(telemetry[0].body ?? "")).toEqual({
            uptimeSec: expect.any(Number),
            boot: expect.any(Number),
            reconnects: 0,
        })
    })
})

describe("after a power cut", () => {
    test("the full image moors with one TLS handshake and no DPS call", async () => {
        const world = await createWorld({ image: "main" })
        coldBoot(world)
        world.board.powerOff()
        const before = world.dials.length
        coldBoot(world)
        expect(calls(world, before)).toEqual([expect.stringMatching(/^hub-.\.azure-devices\.net:8883$/)])
        expect(world.board.stats.boot.tlsHandshakes).toBe(1)
        // The one lookup is the cold boot's: a board without a record asks whether DPS knows it.
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: 1 })
    })

    test("the tight image moors with two TLS handshakes, one lookup and no registration", async () => {
        const world = await createWorld({ image: "maintight" })
        coldBoot(world)
        const flashWrites = world.board.stats.flashWrites
        world.board.powerOff()
        const before = world.dials.length
        const lookups = world.cloud.counters("board-1").lookups
        coldBoot(world)
        expect(calls(world, before)).toEqual([DPS_PORTS[1], expect.stringMatching(/^hub-/)])
        expect(world.board.stats.boot.tlsHandshakes).toBe(2)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: lookups + 1 })
        expect(world.board.stats.flashWrites).toBe(flashWrites)
    })

    test("a board that lost power before it was stable finds its hub by lookup, and does not register again", async () => {
        const world = await createWorld({ image: "main" })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.board.powerOff()
        coldBoot(world)
        expect(world.cloud.counters("board-1")).toMatchObject({ registrations: 1, lookups: 2 })
    })
})

describe("the record", () => {
    test("is written once, only after the stable time, and not again", async () => {
        const world = await createWorld({ image: "main" })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(9)
        expect(world.board.stats.flashWrites).toBe(0)
        world.advanceSec(5)
        expect(world.board.stats.flashWrites).toBe(1)
        for (let boot = 0; boot < 3; boot++) {
            world.board.powerOff()
            coldBoot(world)
        }
        expect(world.board.stats.flashWrites).toBe(1)
    })

    test("of 128-character names is split over two settings and still found", async () => {
        const hub = `${"h".repeat(128 - 18)}.azure-devices.net`
        const world = await createWorld({ image: "main", hubs: [hub], registrationId: "r".repeat(128) })
        coldBoot(world)
        world.board.powerOff()
        const before = world.dials.length
        coldBoot(world)
        expect(calls(world, before)).toEqual([`${hub}:8883`])
    })

    test("made for another DPS is stale: the board starts from DPS", async () => {
        const first = await createWorld({ image: "main" })
        coldBoot(first)
        first.board.powerOff()
        const moved = await createWorld({
            image: "main",
            flash: first.board.flash,
            settings: { DPS_HOST: "dps.example.net" },
        })
        coldBoot(moved)
        expect(moved.dials[0].host).toBe("dps.example.net")
    })
})

describe("the method Reprovision", () => {
    test.each(["main", "maintight"] as const)("makes %s register once more and moor", async image => {
        const world = await createWorld({ image })
        coldBoot(world)
        const hub = world.cloud.hub(world.logged(/^moored/)[0].text.slice(7))
        const answer = hub.invokeMethod("board-1", "Reprovision", null, { timeoutMs: 10_000 })
        world.untilLogged(/^moored/)
        expect((await answer).status).toBe(202)
        expect(world.cloud.counters("board-1").registrations).toBe(2)
    })

    test("waits for delaySec", async () => {
        const world = await createWorld({ image: "main" })
        coldBoot(world)
        const hub = world.cloud.hub(world.logged(/^moored/)[0].text.slice(7))
        void hub.invokeMethod("board-1", "Reprovision", { delaySec: 60 }, { timeoutMs: 10_000 })
        const asked = world.clock.nowMs()
        world.untilLogged("registering")
        expect(world.clock.nowMs() - asked).toBeGreaterThanOrEqual(60_000)
    })

    test("malformed is 400, another method 404, and the session goes on", async () => {
        const world = await createWorld({ image: "main" })
        coldBoot(world)
        const hub = world.cloud.hub(world.logged(/^moored/)[0].text.slice(7))
        const invoke = async (name: string, payload: unknown) => {
            const answer = hub
                .invokeMethod("board-1", name, payload, { timeoutMs: 10_000 })
                .catch((e: HubError) => e)
            world.advanceSec(12)
            return (await answer).status
        }
        expect(await invoke("Reprovision", { delaySec: -1 })).toBe(400)
        expect(await invoke("Reprovision", { delaySec: "x" })).toBe(400)
        expect(await invoke("Dance", null)).toBe(404)
        expect(await invoke("Dance", "x".repeat(1500))).toBe(404)
        // Larger than the board's buffer: skipped, said, and the caller is not answered.
        expect(await invoke("Reprovision", "x".repeat(5000))).toBe(504)
        expect(world.logged("too large")).toHaveLength(1)
        expect(world.logged("reprovision")).toHaveLength(0)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })
})

describe("the settings", () => {
    test.each([
        ["ID_SCOPE", ""],
        ["ID_SCOPE", "a b"],
        ["DEVICE_KEY", ""],
        ["DEVICE_KEY", "not base64"],
        ["DEVICE_KEY", "c2hvcnQ="],
        ["REG_ID", "ends-with-dot."],
        ["REG_ID", "sp ace"],
        ["REG_ID", "x".repeat(129)],
        ["DPS_PORT", 0],
        ["DPS_TRANSPORT", "udp"],
        ["TELEMETRY_SEC", "often"],
    ])("%s = %j is named in one clear line, and nothing resets", async (name, value) => {
        const world = await createWorld({ image: "main", settings: { [name]: value } })
        world.board.powerOn()
        world.advanceSec(20)
        expect(world.lines.map(line => line.text)).toEqual([`setting ${name} is missing or malformed`])
        expect(world.dials).toEqual([])
        expect(world.board.stats).toMatchObject({ resets: 0, panics: 0, programStarts: 1 })
    })

    test("malformed: the board says so once a minute and blinks on, for an hour, without a reset", async () => {
        const world = await createWorld({ image: "main", settings: { ID_SCOPE: "" } })
        world.board.powerOn()
        world.advanceSec(3600)
        expect(world.lines.length).toBe(60)
        expect(world.board.stats).toMatchObject({ resets: 0, panics: 0 })
    })

    test("without REG_ID the chip's own identifier registers", async () => {
        const chipId = "fe0011223344aaff"
        const world = await createWorld({
            image: "main",
            registrationId: chipId,
            chipId,
            settings: { REG_ID: undefined },
        })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        expect(world.cloud.counters(chipId).registrations).toBe(1)
    })

    test("plain TCP is used when asked for, and warned of at boot", async () => {
        const world = await createWorld({ image: "main", settings: { DPS_TRANSPORT: "tcp" } })
        coldBoot(world)
        expect(world.logged("WARNING")).toHaveLength(1)
        expect(world.board.stats.tlsHandshakes).toBe(0)
    })
})

describe("secrets", () => {
    test.each(["main", "maintight"] as const)("never reach the log of %s", async image => {
        const world = await createWorld({ image, settings: {} })
        const seen: string[] = []
        world.board.on("dmesg", line => seen.push(line))
        coldBoot(world)
        world.board.powerOff()
        coldBoot(world)
        const all = [...seen, ...world.lines.map(line => line.text)].join("\n")
        expect(all).toContain("moored")
        expect(all).not.toContain(world.key)
        expect(all).not.toContain("SharedAccessSignature")
        expect(all).not.toContain("sig=")
    })
})
