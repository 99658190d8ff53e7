// The limits of IoT Hub: sizes, lifetimes and counts (protocol-facts.md, 4).
import { describe, expect, test } from "vitest"
import {
    DEVICE_KEY,
    HUB,
    hubClient,
    hubConnect,
    newCloud,
    RawClient,
    type CloudWorld,
} from "../../../helpers/raw-client.js"

const EVENTS = "devices/d/messages/events/"
const C2D = "devices/d/messages/devicebound/#"
const KB = 1024

function telemetryCount(world: CloudWorld): number {
    return world.cloud.history.filter(event => event.kind === "telemetry").length
}

describe("telemetry", () => {
    test("of 256 KB with its topic is accepted, and one byte more closes the connection", () => {
        const world = newCloud()
        const client = hubClient(world, "d")
        client.publish(EVENTS, "x".repeat(256 * KB - EVENTS.length))
        expect(client.take("puback")).toBeDefined()
        client.publish(EVENTS, "x".repeat(256 * KB - EVENTS.length + 1))
        expect(client.closed).toBe(true)
        expect(telemetryCount(world)).toBe(1)
    })
})

describe("reported properties", () => {
    const report = (client: RawClient, body: unknown) => {
        client.publish("$iothub/twin/PATCH/properties/reported/?$rid=7", JSON.stringify(body))
        return client.message()?.topic
    }
    const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) })

    test.each([
        ["a string of 4 KB", { a: "x".repeat(4 * KB) }],
        ["ten levels", nested(10)],
        ["32 KB in all", Object.fromEntries([..."abcdefgh"].map(key => [key, "x".repeat(4 * KB - 1)]))],
        ["an empty object", {}],
    ])("may be %s", (_what, body) => {
        const world = newCloud()
        const client = hubClient(world, "d")
        client.subscribe("$iothub/twin/res/#")
        expect(report(client, body)).toBe("$iothub/twin/res/204/?$rid=7&$version=2")
    })

    test.each([
        ["a string over 4 KB", { a: "x".repeat(4 * KB + 1) }],
        ["eleven levels", nested(11)],
        ["more than 32 KB", Object.fromEntries([..."abcdefgh"].map(key => [key, "x".repeat(4 * KB)]))],
        ["a key with a dot", { "a.b": 1 }],
        ["a key with a space", { "a b": 1 }],
        ["a key over 1 KB", { ["k".repeat(KB + 1)]: 1 }],
        ["a list", []],
    ])("may not be %s: 400, and nothing changes", (_what, body) => {
        const world = newCloud()
        const client = hubClient(world, "d")
        client.subscribe("$iothub/twin/res/#")
        expect(report(client, body)).toBe("$iothub/twin/res/400/?$rid=7")
        const { reported } = world.cloud.hub(HUB).device("d")?.twin ?? {}
        expect(reported?.properties).toEqual({})
        expect(reported?.version).toBe(1)
    })
})

test("tags have at most 8 KB", () => {
    const hub = newCloud().cloud.hub(HUB)
    hub.putDevice("d", [DEVICE_KEY])
    hub.patchTags("d", { a: "x".repeat(4000), b: "x".repeat(4000) })
    expect(() => hub.patchTags("d", { c: "x".repeat(300) })).toThrow(/maximum 8192/)
    expect(Object.keys(hub.device("d")?.twin.tags.properties ?? {})).toEqual(["a", "b"])
})

describe("a direct method", () => {
    test("of more than 128 KB is refused before the device sees it", async () => {
        const world = newCloud()
        const client = hubClient(world, "d")
        client.subscribe("$iothub/methods/POST/#")
        const call = world.cloud.hub(HUB).invokeMethod("d", "m", "x".repeat(128 * KB))
        await expect(call).rejects.toMatchObject({ status: 413, code: 413001 })
        expect(client.message()).toBeUndefined()
    })

    test("answered with more than 128 KB fails for its caller", async () => {
        const world = newCloud()
        const client = hubClient(world, "d")
        client.subscribe("$iothub/methods/POST/#")
        const call = world.cloud.hub(HUB).invokeMethod("d", "m", {})
        client.publish("$iothub/methods/res/200/?$rid=1", JSON.stringify("x".repeat(128 * KB)))
        await expect(call).rejects.toMatchObject({ status: 413, code: 413001 })
    })
})

describe("a cloud-to-device message", () => {
    /** Returns a device that has a persistent session and is not connected. */
    function disconnectPersistentDevice(world: CloudWorld): void {
        const client = hubClient(world, "d", { clean: false, keepalive: 0 })
        client.subscribe(C2D)
        client.end()
    }
    const back = (world: CloudWorld) => {
        const client = new RawClient(world)
        client.connect({ ...hubConnect(world, "d", DEVICE_KEY), clean: false, keepalive: 0 })
        return client
    }

    test("expires after one hour", () => {
        const world = newCloud()
        disconnectPersistentDevice(world)
        world.cloud.hub(HUB).sendToDevice("d", "early")
        world.clock.advance(1800_000)
        world.cloud.hub(HUB).sendToDevice("d", "late")
        world.clock.advance(1800_000)
        const client = back(world)
        expect(client.message()?.body).toBe("late")
        expect(client.message()).toBeUndefined()
    })

    test("expires at its own expiry time", () => {
        const world = newCloud()
        disconnectPersistentDevice(world)
        world.cloud.hub(HUB).sendToDevice("d", "short", {}, world.clock.nowMs() + 5000)
        world.clock.advance(5000)
        expect(back(world).message()).toBeUndefined()
    })

    test("that is never acknowledged is sent ten times", () => {
        const world = newCloud()
        disconnectPersistentDevice(world)
        world.cloud.hub(HUB).sendToDevice("d", "poison")
        for (let i = 0; i < 10; i++) {
            const client = back(world)
            expect(client.message()?.body).toBe("poison")
            client.end()
        }
        expect(back(world).message()).toBeUndefined()
    })

    test("that is sent and not acknowledged counts towards the limit of 50", () => {
        const world = newCloud()
        const hub = world.cloud.hub(HUB)
        const client = hubClient(world, "d", { clean: false })
        client.subscribe(C2D)
        for (let i = 0; i < 50; i++) hub.sendToDevice("d", `${i}`)
        expect(() => hub.sendToDevice("d", "too many")).toThrow(/queue is full/)
        world.clock.advance(0)
        const first = client.message()
        client.send({ cmd: "puback", messageId: first?.messageId })
        hub.sendToDevice("d", "room again")
        expect(hub.device("d")?.undelivered).toHaveLength(50)
    })
})

describe("a hub whose daily quota is used up", () => {
    const quotas = { hubDailyMessages: 3 }

    test("counts each started 4 KB, and closes connections after CONNACK until midnight UTC", () => {
        const world = newCloud({ quotas })
        const client = hubClient(world, "d")
        client.publish(EVENTS, "x".repeat(5000))
        client.publish(EVENTS, "x")
        expect(client.closed).toBe(false)
        client.publish(EVENTS, "x")
        expect(client.closed).toBe(true)
        expect(telemetryCount(world)).toBe(2)
        const next = new RawClient(world)
        expect(next.connect(hubConnect(world, "d", DEVICE_KEY))?.returnCode).toBe(0)
        expect(next.closed).toBe(true)
        world.clock.advance(86_400_000 - (world.clock.nowMs() % 86_400_000))
        const tomorrow = new RawClient(world)
        tomorrow.connect(hubConnect(world, "d", DEVICE_KEY))
        expect(tomorrow.closed).toBe(false)
    })

    test("refuses messages and methods of the service side with 403002", () => {
        const world = newCloud({ quotas: { hubDailyMessages: 0 } })
        const hub = world.cloud.hub(HUB)
        hubClient(world, "d").subscribe(C2D)
        expect(() => hub.sendToDevice("d", "x")).toThrow(
            expect.objectContaining({ status: 403, code: 403002 })
        )
    })
})
