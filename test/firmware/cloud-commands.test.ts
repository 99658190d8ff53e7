// What the cloud tells a moored board, and what the board tells the cloud of itself.
import { describe, expect, test } from "vitest"
import { createWorld, type FirmwareWorld } from "../helpers/firmware-world.js"

function moored(world: FirmwareWorld) {
    world.board.powerOn()
    world.untilLogged(/^moored/)
    world.advanceSec(15)
    const host = world.logged(/^moored/)[0].text.slice(7)
    return world.cloud.hub(host)
}

const registrations = (world: FirmwareWorld) => world.cloud.counters("board-1").registrations

describe("Reprovision", () => {
    test.each([["main"], ["maintight"]] as const)(
        "of %s by a message with command=reprovision",
        async image => {
            const world = await createWorld({ image })
            const hub = moored(world)
            hub.sendToDevice("board-1", "", { command: "reprovision" })
            world.untilLogged(/^moored/)
            expect(registrations(world)).toBe(2)
            // Acknowledged: it does not come again.
            world.advanceSec(60)
            expect(registrations(world)).toBe(2)
            expect(hub.device("board-1")?.queue).toEqual([])
        }
    )

    test("is not what another message asks for", async () => {
        const world = await createWorld({ image: "main" })
        const hub = moored(world)
        hub.sendToDevice("board-1", "command=reprovision", { command: "restart" })
        world.advanceSec(60)
        expect(registrations(world)).toBe(1)
        expect(hub.device("board-1")?.queue).toEqual([])
    })

    test("by a desired property that changes, and not again when the board comes back", async () => {
        const world = await createWorld({ image: "main" })
        const hub = moored(world)
        hub.patchDesired("board-1", { reprovision: 1_790_000_000_000 })
        world.untilLogged(/^moored/)
        expect(registrations(world)).toBe(2)
        world.advanceSec(60)
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(60)
        expect(registrations(world)).toBe(2)
    })
})

describe("the twin of the full image", () => {
    test("has what the board reports, once a boot", async () => {
        const world = await createWorld({ image: "main" })
        const hub = moored(world)
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
        const hub = moored(world)
        hub.disconnect("board-1")
        world.untilLogged(/^moored/, 300)
        world.advanceSec(5)
        expect(hub.device("board-1")?.twin.reported.properties).toMatchObject({
            lastFailure: "closed by peer",
        })
    })

    test("takes desired values, and acknowledges them as IoT Plug and Play has it", async () => {
        const world = await createWorld({ image: "main" })
        const hub = moored(world)
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
        const hub = moored(world)
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
        const hub = moored(world)
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
        const hub = moored(world)
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
