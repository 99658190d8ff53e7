// The enrollment and the hub of a device, and the move of a device to another hub (protocol-facts.md, 3).
import { describe, expect, test } from "vitest"
import type { EnrollmentGroup } from "../../../../tools/emulator/index.js"
import { parseSasToken } from "../../../../tools/emulator/auth/sas-verification.js"
import { hashedHub } from "../../../../tools/emulator/dps/allocation.js"
import { deriveDeviceKey, makeSasToken } from "@moorage/protocol"
import {
    GROUP_KEY,
    HUB,
    inOneHourSec,
    newCloud,
    SCOPE,
    type CloudWorld,
} from "../../../helpers/raw-client.js"

/** The time that a registration stays `assigning`. */
const ASSIGNING_MS = 2000
const OTHER_HUB = "two.azure-devices.net"
const OWN_KEY = Buffer.alloc(32, 9).toString("base64")

function callerOf(
    world: CloudWorld,
    registrationId: string,
    key = deriveDeviceKey(GROUP_KEY, registrationId)
) {
    const token = makeSasToken(key, `${SCOPE}/registrations/${registrationId}`, inOneHourSec(world))
    return { registrationId, token: parseSasToken(token) }
}

/** Registers without a transport. @returns the state of the registration */
function register(world: CloudWorld, key?: string) {
    world.cloud.dps.register(callerOf(world, "d", key), "")
    world.clock.advance(ASSIGNING_MS)
    return world.cloud.dps.registration("d")
}

function putGroup(world: CloudWorld, change: Partial<EnrollmentGroup>): void {
    world.cloud.dps.enrollments.putGroup({
        enrollmentGroupId: "g",
        primaryKey: GROUP_KEY,
        allocationPolicy: "static",
        ...change,
    })
}

describe("when the hub of the policy changes", () => {
    test.each([
        ["migrate", true, true, OTHER_HUB, "deviceDataMigrated"],
        ["reset", true, false, OTHER_HUB, "deviceDataReset"],
        ["never", false, false, HUB, "initialAssignment"],
    ])("%s", (_name, updateHubAssignment, migrateDeviceData, assignedHub, substatus) => {
        const world = newCloud()
        const reprovisionPolicy = { updateHubAssignment, migrateDeviceData }
        putGroup(world, { iotHubs: [HUB], reprovisionPolicy })
        const first = register(world)
        world.clock.advance(60_000)
        putGroup(world, { iotHubs: [OTHER_HUB], reprovisionPolicy })
        const second = register(world)
        expect(second).toMatchObject({ assignedHub, substatus })
        expect(second?.createdDateTimeUtc).toBe(first?.createdDateTimeUtc)
        expect(second?.lastUpdatedDateTimeUtc).toBe("2026-01-01T00:01:04.0000000Z")
        expect(second?.etag).not.toBe(first?.etag)
        const homes = [HUB, OTHER_HUB].filter(name => world.cloud.hub(name).device("d"))
        expect(homes).toEqual([assignedHub])
    })
})

test("an assignment to the same hub keeps the identity, its twin and the substatus", () => {
    const world = newCloud()
    putGroup(world, { iotHubs: [HUB] })
    register(world)
    world.cloud.hub(HUB).patchDesired("d", { kept: true })
    expect(register(world)?.substatus).toBe("initialAssignment")
    expect(world.cloud.hub(HUB).device("d")?.twin.desired.properties).toEqual({ kept: true })
})

describe("an individual enrollment", () => {
    test("does not accept the key of a group", () => {
        const world = newCloud({ enrollments: [{ registrationId: "d", primaryKey: OWN_KEY }] })
        expect(register(world)).toBeUndefined()
        expect(register(world, OWN_KEY)?.status).toBe("assigned")
    })

    test("that is disabled takes precedence over an enabled group", () => {
        const world = newCloud({
            enrollments: [{ registrationId: "d", primaryKey: OWN_KEY, provisioningStatus: "disabled" }],
        })
        const { status, body } = world.cloud.dps.register(callerOf(world, "d", OWN_KEY), "")
        expect(status).toBe(200)
        expect(JSON.parse(body)).toMatchObject({ operationId: "", status: "disabled" })
        expect(world.cloud.dps.registration("d")).toBeUndefined()
    })

    test("is found in any case of its ID", () => {
        const world = newCloud({ enrollments: [{ registrationId: "D", primaryKey: OWN_KEY }] })
        expect(register(world, OWN_KEY)?.registrationId).toBe("d")
    })

    test.each([["a."], ["a b"], [""], ["é"], ["x".repeat(129)]])("cannot have the ID %j", registrationId => {
        expect(() => newCloud({ enrollments: [{ registrationId, primaryKey: OWN_KEY }] })).toThrow(
            "malformed registration ID"
        )
    })

    test.each([["a"], ["A-b.c_d:e"], ["a-"], ["x".repeat(128)]])("can have the ID %j", registrationId => {
        const world = newCloud({ enrollments: [{ registrationId, primaryKey: OWN_KEY }] })
        expect(world.cloud.dps.enrollments.listIndividuals()).toHaveLength(1)
    })
})

test.each([
    ["15 bytes", Buffer.alloc(15).toString("base64")],
    ["65 bytes", Buffer.alloc(65).toString("base64")],
    ["not Base64", "not base64 at all, is it"],
])("an enrollment's key of %s is refused, and not shown", (_name, primaryKey) => {
    const put = () => newCloud({ enrollmentGroups: [{ enrollmentGroupId: "g", primaryKey }] })
    expect(put).toThrow("a key must be Base64 of 16 to 64 bytes")
    expect(put).not.toThrow(primaryKey)
})

test("the key of a group does not authenticate a device", () => {
    expect(register(newCloud(), GROUP_KEY)).toBeUndefined()
})

test("a new hub gets some devices, and no device moves between the old hubs", () => {
    const ids = Array.from({ length: 300 }, (_, i) => `d${i}`)
    const before = ids.map(id => hashedHub(id, ["a", "b"]))
    const after = ids.map(id => hashedHub(id, ["a", "b", "c"]))
    const moved = after.filter((hub, i) => hub !== before[i])
    expect(new Set(moved)).toEqual(new Set(["c"]))
    expect(moved.length).toBeGreaterThan(60)
    expect(moved.length).toBeLessThan(140)
})

test("the lookup returns assigning as long as the operation does", () => {
    const world = newCloud({ assigningMs: 2000 })
    const caller = callerOf(world, "d")
    const lookup = () => JSON.parse(world.cloud.dps.lookup(caller).body) as unknown
    world.cloud.dps.register(caller, "")
    expect(lookup()).toEqual({ registrationId: "d", status: "assigning" })
    world.clock.advance(2000)
    expect(lookup()).toEqual(world.cloud.dps.registration("d"))
})
