// Commands from the cloud to a moored board, and the twin of the board.
import type { HubError } from "@moorage/emulator"
import { describe, expect, test } from "vitest"
import {
    bootUntilStable,
    CALL_MS,
    connectionsOf,
    connectionTimesMs,
    elapsedMs,
    expectEachWithin,
    HUB_HOST,
    registrationsOf,
    startStableWorld,
} from "../helpers/board-calls.js"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

describe("a board that gets a message or a property from the cloud", () => {
    test.each([["main"], ["maintight"]] as const)(
        "registers once for a message with command=reprovision (image: %s)",
        async image => {
            const world = await createWorld({ image })
            const hub = world.cloud.hub(bootUntilStable(world))
            hub.sendToDevice("board-1", "", { command: "reprovision" })
            world.untilLogged(/^moored/)
            expect(registrationsOf(world)).toBe(2)
            // The message was acknowledged, so it does not arrive again.
            world.advanceSec(60)
            expect(registrationsOf(world)).toBe(2)
            expect(hub.device("board-1")?.undelivered).toEqual([])
        }
    )

    test("does not register for another message", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        hub.sendToDevice("board-1", "command=reprovision", { command: "restart" })
        world.advanceSec(60)
        expect(registrationsOf(world)).toBe(1)
        expect(hub.device("board-1")?.undelivered).toEqual([])
    })

    test("registers once when the desired property reprovision changes, and not again after a reboot", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        hub.patchDesired("board-1", { reprovision: 1_790_000_000_000 })
        world.untilLogged(/^moored/)
        expect(registrationsOf(world)).toBe(2)
        world.advanceSec(60)
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(60)
        expect(registrationsOf(world)).toBe(2)
    })
})

describe("a board with the full image", () => {
    test("reports its firmware, hub and counters in the twin once per boot", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        world.advanceSec(120)
        expect(hub.device("board-1")?.twin.reported.properties).toEqual({
            firmware: { name: "moorage", version: expect.stringMatching(/^\d+\.\d+\.\d+$/), image: "main" },
            boot: expect.any(Number),
            hub: hub.hostName,
            registrations: 1,
            lastFailure: "",
        })
        expect(hub.device("board-1")?.twin.reported.version).toBe(2)
    })

    test("reports again when its last failure has changed", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        hub.disconnect("board-1")
        world.untilLogged(/^moored/, 300)
        world.advanceSec(5)
        expect(hub.device("board-1")?.twin.reported.properties).toMatchObject({
            lastFailure: "closed by peer",
        })
    })

    test("applies desired properties and acknowledges them in the form of IoT Plug and Play", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        hub.patchDesired("board-1", { telemetrySec: 5, stableSec: 60, loadFactor: 0.25 })
        world.advanceSec(5)
        expect(hub.device("board-1")?.twin.reported.properties).toMatchObject({
            telemetrySec: { value: 5, ac: 200, av: 2, ad: "" },
            stableSec: { value: 60, ac: 200, av: 2, ad: "" },
            loadFactor: { value: 0.25, ac: 200, av: 2, ad: "" },
        })
        const sent = () => world.cloud.history.filter(event => event.kind === "telemetry").length
        const before = sent()
        world.advanceSec(60)
        expect(sent() - before).toBeGreaterThanOrEqual(10)
    })

    test("answers 400 to invalid desired properties and keeps its values", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        hub.patchDesired("board-1", { telemetrySec: 0, stableSec: "soon", loadFactor: -1 })
        world.advanceSec(5)
        expect(hub.device("board-1")?.twin.reported.properties).toMatchObject({
            telemetrySec: { value: 30, ac: 400, av: 2 },
            stableSec: { value: 10, ac: 400, av: 2 },
            loadFactor: { value: 1, ac: 400, av: 2 },
        })
    })

    test("applies desired properties that changed while it was off", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        world.board.powerOff()
        hub.patchDesired("board-1", { telemetrySec: 7 })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(5)
        expect(hub.device("board-1")?.twin.reported.properties).toMatchObject({
            telemetrySec: { value: 7, ac: 200, av: 2 },
        })
    })

    test("stays connected when its twin is too large to read", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        world.board.powerOff()
        hub.patchDesired("board-1", { blob: "x".repeat(4000), telemetrySec: 7 })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(120)
        expect(world.logged("too large")).toHaveLength(1)
        expect(world.board.stats.panics).toBe(0)
        expect(hub.device("board-1")?.session).toBeDefined()
    })
})

describe("a board that a user asks to reprovision", () => {
    const REQUESTS: [string, (world: FirmwareWorld) => void][] = [
        [
            "method",
            ({ cloud }) =>
                void cloud.hub(HUB_HOST).invokeMethod("board-1", "Reprovision", null, { timeoutMs: 10_000 }),
        ],
        [
            "message",
            ({ cloud }) => cloud.hub(HUB_HOST).sendToDevice("board-1", "", { command: "reprovision" }),
        ],
        ["desired property", ({ cloud }) => cloud.hub(HUB_HOST).patchDesired("board-1", { reprovision: 1 })],
        ["button", ({ board }) => board.pressButton(5200)],
    ]

    test.each(REQUESTS)(
        "registers once within 1 min and moors at the assigned hub (request by %s)",
        async (how, request) => {
            const world = await startStableWorld("main")
            const requestedMs = elapsedMs(world)
            request(world)
            world.untilLogged(/^moored/, 90)
            world.advanceSec(300)
            expect(
                connectionsOf(world, requestedMs)
                    .map(({ kind }) => kind)
                    .filter(call => call !== "clock")
            ).toEqual(["dps", "hub"])
            expectEachWithin(
                [connectionTimesMs(world, "dps", requestedMs)[0] - requestedMs],
                0,
                how === "button" ? 67_000 : CALL_MS
            )
        }
    )

    test("forgets a delayed request in a power cut and does not write its record", async () => {
        const world = await startStableWorld("main")
        world.untilLogged("record stored")
        const writes = world.board.stats.flashWrites
        void world.cloud
            .hub(HUB_HOST)
            .invokeMethod("board-1", "Reprovision", { delaySec: 600 }, { timeoutMs: 10_000 })
            .catch(() => undefined)
        world.untilLogged("reprovisioning requested")
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged(/^moored/, 30)
        world.advanceSec(900)
        expect(registrationsOf(world)).toBe(1)
        expect(world.board.stats.flashWrites).toBe(writes)
    })
})

describe("a board that gets direct methods", () => {
    test("answers four simultaneous calls and continues its telemetry", async () => {
        const world = await createWorld({ image: "main" })
        const host = bootUntilStable(world)
        const calls = Array.from({ length: 4 }, (_, i) =>
            world.cloud.hub(host).invokeMethod("board-1", `m${i}`, { i }, { timeoutMs: 10_000 })
        )
        world.advanceSec(3)
        expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([404, 404, 404, 404])
        const before = world.cloud.history.filter(event => event.kind === "telemetry").length
        world.advanceSec(60)
        expect(world.cloud.history.filter(event => event.kind === "telemetry").length).toBeGreaterThan(before)
    })

    test("registers once for two simultaneous calls of Reprovision", async () => {
        const world = await createWorld({ image: "main" })
        const host = bootUntilStable(world)
        const calls = [1, 2].map(() =>
            world.cloud
                .hub(host)
                .invokeMethod("board-1", "Reprovision", null, { timeoutMs: 10_000 })
                .then(({ status }) => status)
                .catch((error: { status: number }) => error.status)
        )
        world.untilLogged(/^moored/)
        world.advanceSec(20)
        expect((await Promise.all(calls))[0]).toBe(202)
        expect(registrationsOf(world)).toBe(2)
    })
})

describe("a board that gets the method Reprovision", () => {
    test.each(["main", "maintight"] as const)(
        "answers 202, registers once more and moors (image: %s)",
        async image => {
            const world = await createWorld({ image })
            const hub = world.cloud.hub(bootUntilStable(world))
            const answer = hub.invokeMethod("board-1", "Reprovision", null, { timeoutMs: 10_000 })
            world.untilLogged(/^moored/)
            expect((await answer).status).toBe(202)
            expect(registrationsOf(world)).toBe(2)
        }
    )

    test("waits for delaySec before it registers", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        void hub.invokeMethod("board-1", "Reprovision", { delaySec: 60 }, { timeoutMs: 10_000 })
        const asked = world.clock.nowMs()
        world.untilLogged("registering")
        expect(world.clock.nowMs() - asked).toBeGreaterThanOrEqual(60_000)
    })

    test("answers 400 to a malformed payload and 404 to another method, and keeps its session", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        const invoke = async (name: string, payload: unknown) => {
            const answer = hub
                .invokeMethod("board-1", name, payload, { timeoutMs: 10_000 })
                .catch((e: HubError) => e)
            world.advanceSec(12)
            return (await answer).status
        }
        expect(await invoke("Reprovision", { delaySec: -1 })).toBe(400)
        expect(await invoke("Reprovision", { delaySec: "x" })).toBe(400)
        expect(await invoke("Other", null)).toBe(404)
        expect(await invoke("Other", "x".repeat(1500))).toBe(404)
        // The payload exceeds the board's buffer: the board logs and skips the call, and the caller gets no answer.
        expect(await invoke("Reprovision", "x".repeat(5000))).toBe(504)
        expect(world.logged("too large")).toHaveLength(1)
        expect(world.logged("reprovision")).toHaveLength(0)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })
})
