// What the cloud tells a moored board, and what the board tells the cloud of itself.
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

describe("Reprovision", () => {
    test.each([["main"], ["maintight"]] as const)(
        "of %s by a message with command=reprovision",
        async image => {
            const world = await createWorld({ image })
            const hub = world.cloud.hub(bootUntilStable(world))
            hub.sendToDevice("board-1", "", { command: "reprovision" })
            world.untilLogged(/^moored/)
            expect(registrationsOf(world)).toBe(2)
            // Acknowledged: it does not come again.
            world.advanceSec(60)
            expect(registrationsOf(world)).toBe(2)
            expect(hub.device("board-1")?.undelivered).toEqual([])
        }
    )

    test("is not what another message asks for", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        hub.sendToDevice("board-1", "command=reprovision", { command: "restart" })
        world.advanceSec(60)
        expect(registrationsOf(world)).toBe(1)
        expect(hub.device("board-1")?.undelivered).toEqual([])
    })

    test("by a desired property that changes, and not again when the board comes back", async () => {
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

describe("the twin of the full image", () => {
    test("has what the board reports, once a boot", async () => {
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

    test("is reported again when something has changed: the last failure", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        hub.disconnect("board-1")
        world.untilLogged(/^moored/, 300)
        world.advanceSec(5)
        expect(hub.device("board-1")?.twin.reported.properties).toMatchObject({
            lastFailure: "closed by peer",
        })
    })

    test("takes desired values, and acknowledges them as IoT Plug and Play has it", async () => {
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

    test("refuses values that make no sense with 400, and keeps the old ones", async () => {
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

    test("that was changed while the board was away is taken at the next session", async () => {
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

    test("that is larger than a board reads costs nothing but the twin", async () => {
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

describe("the user's wish for a new assignment", () => {
    const WISHES: [string, (world: FirmwareWorld) => void][] = [
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

    test.each(WISHES)(
        "by %s: it registers within a minute, once, and is moored at the hub it is given",
        async (how, wish) => {
            const world = await startStableWorld("main")
            const wishedMs = elapsedMs(world)
            wish(world)
            world.untilLogged(/^moored/, 90)
            world.advanceSec(300)
            expect(
                connectionsOf(world, wishedMs)
                    .map(({ kind }) => kind)
                    .filter(call => call !== "clock")
            ).toEqual(["dps", "hub"])
            expectEachWithin(
                [connectionTimesMs(world, "dps", wishedMs)[0] - wishedMs],
                0,
                how === "button" ? 67_000 : CALL_MS
            )
        }
    )

    test("is lost with the power while it waits: the record stays until another is worth a write", async () => {
        const world = await startStableWorld("main")
        world.untilLogged("record kept")
        const writes = world.board.stats.flashWrites
        void world.cloud
            .hub(HUB_HOST)
            .invokeMethod("board-1", "Reprovision", { delaySec: 600 }, { timeoutMs: 10_000 })
            .catch(() => undefined)
        world.untilLogged("reprovision asked")
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged(/^moored/, 30)
        world.advanceSec(900)
        expect(registrationsOf(world)).toBe(1)
        expect(world.board.stats.flashWrites).toBe(writes)
    })
})

describe("direct methods", () => {
    test("that come together are all answered, and telemetry goes on", async () => {
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

    test("twice Reprovision at once is one registration", async () => {
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

describe("the method Reprovision", () => {
    test.each(["main", "maintight"] as const)("makes %s register once more and moor", async image => {
        const world = await createWorld({ image })
        const hub = world.cloud.hub(bootUntilStable(world))
        const answer = hub.invokeMethod("board-1", "Reprovision", null, { timeoutMs: 10_000 })
        world.untilLogged(/^moored/)
        expect((await answer).status).toBe(202)
        expect(registrationsOf(world)).toBe(2)
    })

    test("waits for delaySec", async () => {
        const world = await createWorld({ image: "main" })
        const hub = world.cloud.hub(bootUntilStable(world))
        void hub.invokeMethod("board-1", "Reprovision", { delaySec: 60 }, { timeoutMs: 10_000 })
        const asked = world.clock.nowMs()
        world.untilLogged("registering")
        expect(world.clock.nowMs() - asked).toBeGreaterThanOrEqual(60_000)
    })

    test("malformed is 400, another method 404, and the session goes on", async () => {
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
        expect(await invoke("Dance", null)).toBe(404)
        expect(await invoke("Dance", "x".repeat(1500))).toBe(404)
        // Larger than the board's buffer: skipped, said, and the caller is not answered.
        expect(await invoke("Reprovision", "x".repeat(5000))).toBe(504)
        expect(world.logged("too large")).toHaveLength(1)
        expect(world.logged("reprovision")).toHaveLength(0)
        expect(world.logged(/^moored/)).toHaveLength(1)
    })
})
