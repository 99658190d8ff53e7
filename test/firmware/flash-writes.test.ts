// Flash problems: power cuts between and inside writes, a store that is full or ignores writes, and damaged records.
// The tests also describe the defects of the runtime as they are (docs/internals/flash.md).
import { formatRecord } from "../../devs/store/record-format"
import { deriveDeviceKey } from "@moorage/protocol"
import {
    type Flash,
    flashSteps,
    memoryFlash,
    readProgram,
    readSettings,
    tornImage,
    writeProgram,
    writeSettings,
} from "@moorage/vm"
import { describe, expect, test } from "vitest"
import { mooredHost } from "../helpers/board-calls.js"
import { activeBank, fillWithStaleValues } from "../helpers/fill-store.js"
import {
    GROUP_KEY,
    HUBS,
    createWorld,
    type FirmwareWorldOptions,
    type FirmwareWorld,
} from "../helpers/firmware-world.js"

const DAY_SEC = 86_400
const ID = "board-1"
const LONG_ID = "d".repeat(128)
const LONG_HUB = `${"h".repeat(110)}.azure-devices.net`
/** Enough for the full image, but not enough to parse {@link COSTLY_VALUE}. */
const SMALL_HEAP_BYTES = 14 * 1024
const COSTLY_VALUE = Array.from({ length: 400 }, () => [])

interface LifeStage {
    writes: string[]
    begin: (world: FirmwareWorld) => void
    /** Removes the cause of the next crash. */
    repair?: (world: FirmwareWorld) => void
}

/** The events of a board's life that cause flash writes, in their order. */
const LIFE: LifeStage[] = [
    { writes: ["first record"], begin: world => world.board.powerOn() },
    {
        // Hub and device ID have 128 characters each, so that the record takes two settings.
        writes: ["other hub: rest of the record", "other hub: the record"],
        begin(world) {
            world.cloud.dps.enrollments.putIndividual({
                registrationId: ID,
                deviceId: LONG_ID,
                primaryKey: deriveDeviceKey(GROUP_KEY, ID),
                iotHubs: [LONG_HUB],
            })
            world.cloud.hub(HUBS[0]).sendToDevice(ID, "", { command: "reprovision" })
        },
    },
    {
        writes: ["expiry 100 days later"],
        begin(world) {
            world.board.powerOff()
            world.advanceSec(100 * DAY_SEC)
            world.board.powerOn()
        },
    },
    {
        writes: ["a crash"],
        begin: world => world.cloud.hub(LONG_HUB).patchDesired(LONG_ID, { a: COSTLY_VALUE }),
        repair: world => world.cloud.hub(LONG_HUB).patchDesired(LONG_ID, { a: null }),
    },
    {
        writes: ["cleared crash count"],
        begin(world) {
            world.board.powerOff()
            LIFE[3].repair?.(world)
            world.board.powerOn()
        },
    },
]
const NAMES = LIFE.flatMap(stage => stage.writes)

interface FlashWrite {
    before: Uint8Array
    after: Uint8Array
}

/** Builds a world that records the flash writes. With `cutAt`, power fails directly after the write of this index. */
async function createRecordingWorld(options: Partial<FirmwareWorldOptions> = {}, cutAt?: number) {
    const writes: FlashWrite[] = []
    const world = await createWorld({
        image: "main",
        ...options,
        tear(before, after) {
            writes.push({ before, after })
            return writes.length - 1 === cutAt ? after : undefined
        },
    })
    const formats: string[] = []
    world.board.on("dmesg", line => line.includes("formatting now") && formats.push(line))
    return { world, writes, formats }
}

/** Runs {@link LIFE}. After the power cut `cutAt`, power returns after 10 s and the board moors again. */
async function runLife(cutAt?: number) {
    const recording = await createRecordingWorld(
        { hubs: [HUBS[0], LONG_HUB], heapBytes: SMALL_HEAP_BYTES },
        cutAt
    )
    const { world, writes, formats } = recording
    const group = { enrollmentGroupId: "fleet", primaryKey: GROUP_KEY, iotHubs: [HUBS[0]] }
    world.cloud.dps.enrollments.putGroup(group)
    let due = 0
    for (const stage of LIFE) {
        due += stage.writes.length
        stage.begin(world)
        const { board } = world
        world.clock.advanceUntil(() => writes.length >= due || !board.isOn, 600_000)
        if (!board.isOn) {
            stage.repair?.(world)
            world.advanceSec(10)
            board.powerOn()
            world.untilLogged(/^moored/)
            break
        }
        world.advanceSec(1)
    }
    world.advanceSec(15)
    return { world, writes, formats }
}

const registrations = (world: FirmwareWorld) => world.cloud.counters(ID).registrations
const lookups = (world: FirmwareWorld) => world.cloud.counters(ID).lookups

describe("a board that loses power between two flash writes", () => {
    test("makes the writes that this file names", async () => {
        const { world, writes, formats } = await runLife()
        expect(writes).toHaveLength(NAMES.length)
        expect(world.board.stats.panics).toBe(1)
        expect(readSettings(world.board.flash).crashes).toBe(0)
        expect(formats).toEqual([])
    })

    test.each(NAMES.map((name, i) => [name, i] as const))(
        "moors again without a registration after a power cut directly after this write: %s",
        async (_, cutAt) => {
            const { world, writes, formats } = await runLife(cutAt)
            expect(writes.length).toBeGreaterThan(cutAt)
            expect(world.board.stats.powerOns).toBeGreaterThan(1)
            expect(registrations(world)).toBe(cutAt === 0 ? 1 : 2)
            world.board.powerOff()
            const before = world.dials.length
            world.board.powerOn()
            world.untilLogged(/^moored/)
            // The board used its record, so it made one connection.
            expect(world.dials.length - before).toBe(1)
            expect(formats).toEqual([])
        }
    )
})

type BootOutcome = "moors" | "program lost"

/** Boots the board with `image` in its flash, and returns the outcome. */
function bootOutcome(world: FirmwareWorld, formats: string[], image: Uint8Array): BootOutcome | "neither" {
    const { board } = world
    board.powerOff()
    board.flash.save(image)
    const formatted = formats.length
    const { programStarts } = board.stats
    const before = world.logged(/^moored/).length
    board.powerOn()
    world.advanceSec(5)
    if (formats.length > formatted && board.stats.programStarts === programStarts) return "program lost"
    const moored = () => world.logged(/^moored/).length > before
    return world.clock.advanceUntil(moored, 600_000) && formats.length === formatted ? "moors" : "neither"
}

/** Returns the outcomes of boots after 0, 1, 2, ... steps of a write. */
function outcomesOfCuts(world: FirmwareWorld, formats: string[], { before, after }: FlashWrite) {
    const steps = flashSteps(before, after)
    return Array.from({ length: steps.length + 1 }, (_, count) =>
        bootOutcome(world, formats, tornImage(before, after, count))
    )
}

/** Returns the expected outcomes for a write of `words` words: only a write without its last word does no harm. */
function expectedOutcomes(words: number): BootOutcome[] {
    return Array.from({ length: words + 1 }, (_, count) =>
        count === 0 || count >= words - 1 ? "moors" : "program lost"
    )
}

describe("a board that loses power inside a flash write (runtime-facts.md, D2)", () => {
    test("loses its program at every cut point between the first and the last word of a write", async () => {
        const { world, writes, formats } = await runLife()
        const words = writes.map(({ before, after }) => flashSteps(before, after).length)
        expect(Object.fromEntries(NAMES.map((name, i) => [name, words[i]]))).toEqual({
            "first record": 19,
            "other hub: rest of the record": 21,
            "other hub: the record": 63,
            "expiry 100 days later": 21,
            "a crash": 7,
            "cleared crash count": 7,
        })
        // A copy, because the boots below also write.
        for (const [i, write] of [...writes].entries())
            expect(outcomesOfCuts(world, formats, write), NAMES[i]).toEqual(expectedOutcomes(words[i]))
    })

    test("survives a cut at every step of the store's garbage collection, but not in the write that follows", async () => {
        const { world, writes, formats } = await createRecordingWorld()
        fillWithStaleValues(world.board.flash)
        world.board.powerOn()
        world.untilLogged("record stored")
        expect(writes).toHaveLength(2)
        const [collection, append] = writes
        const steps = flashSteps(collection.before, collection.after)
        expect(new Set(steps.map(step => step.what))).toEqual(new Set(["value", "entry", "header"]))
        expect(new Set(outcomesOfCuts(world, formats, collection))).toEqual(new Set(["moors"]))
        expect(outcomesOfCuts(world, formats, append)).toEqual(expectedOutcomes(19))
    })

    /** Returns a board whose active bank is `bank` and that lost its program in a cut of its first write. */
    async function createBrickedBoard(bank: 0 | 1) {
        const { world, writes, formats } = await createRecordingWorld()
        const { board } = world
        const program = Uint8Array.from(readProgram(board.flash) ?? [])
        if (bank === 1) {
            fillWithStaleValues(board.flash)
            writeSettings(board.flash, { stale: 0 })
        }
        expect(activeBank(board.flash)).toBe(bank)
        board.powerOn()
        world.untilLogged("record stored")
        board.powerOff()
        board.flash.save(tornImage(writes[0].before, writes[0].after, 9))
        const boot = () => {
            const starts = board.stats.programStarts
            board.powerOn()
            world.advanceSec(5)
            board.powerOff()
            return board.stats.programStarts - starts
        }
        return { flash: board.flash, program, formats, boot }
    }

    test("formats once when the first bank is active, and starts a program that is deployed again", async () => {
        const { flash, program, formats, boot } = await createBrickedBoard(0)
        expect([boot(), boot(), boot()]).toEqual([0, 0, 0])
        expect(formats).toHaveLength(1)
        writeProgram(flash, program)
        expect(boot()).toBe(1)
    })

    test("formats at each boot when the second bank is active, and loses a program that is deployed again", async () => {
        const { flash, program, formats, boot } = await createBrickedBoard(1)
        expect([boot(), boot(), boot()]).toEqual([0, 0, 0])
        expect(formats).toHaveLength(3)
        writeProgram(flash, program)
        expect(boot()).toBe(0)
        // Only erasing the whole flash helps.
        flash.save(new Uint8Array(flash.bytes).fill(0xff))
        writeProgram(flash, program)
        expect(boot()).toBe(1)
    })
})

/** Returns a flash that stores the result of `corrupt` instead of the saved image, once `on` is set. */
function faultyFlash(corrupt: (before: Uint8Array, after: Uint8Array) => Uint8Array) {
    const inner = memoryFlash()
    const flash = {
        on: false,
        bytes: inner.bytes,
        load: () => inner.load(),
        save: (image: Uint8Array) => inner.save(flash.on ? corrupt(inner.load(), image) : image),
    }
    return flash
}

/** Returns the image with one bit of the record cleared, as a worn cell does. */
function wearRecord(image: Uint8Array): Uint8Array {
    const copy = Buffer.from(image)
    const at = copy.lastIndexOf("1|hub-")
    if (at >= 0) copy[at + 5] = (copy[at + 5] as number) & ~0x08
    return copy
}

function fillCompletely(flash: Flash): void {
    for (const length of [200, 20, 1]) {
        try {
            for (let i = 0; ; i++) writeSettings(flash, { [`l${length}_${i}`]: "x".repeat(length) })
        } catch {
            // The store is full for values of this length.
        }
    }
}

describe("a board whose flash does not store the record", () => {
    const dropping = () => faultyFlash(before => before)
    const worn = () => faultyFlash((_, after) => wearRecord(after))

    test("moors, logs the problem, and finds its hub by status lookup at the next boot (flash with a worn cell)", async () => {
        const flash = worn()
        const world = await createWorld({ image: "main", flash })
        flash.on = true
        await expectAtBoot(world, { lookups: 1, registrations: 0 })
    })

    test("moors, logs the problem, and registers at the next boot (flash that ignores writes)", async () => {
        const flash = dropping()
        const world = await createWorld({ image: "main", flash })
        flash.on = true
        await expectAtBoot(world, { lookups: 0, registrations: 1 })
    })

    test("moors, logs the problem, and registers at the next boot (flash that is full)", async () => {
        const world = await createWorld({ image: "main" })
        fillCompletely(world.board.flash)
        await expectAtBoot(world, { lookups: 0, registrations: 1 })
    })

    async function expectAtBoot(world: FirmwareWorld, expected: { lookups: number; registrations: number }) {
        world.board.powerOn()
        world.untilLogged("record not stored: the next boot asks DPS")
        world.board.powerOff()
        const asked = lookups(world)
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.untilLogged("record not stored: the next boot asks DPS")
        expect(lookups(world)).toBe(asked + expected.lookups)
        expect(registrations(world)).toBe(1 + expected.registrations)
        expect(world.board.stats).toMatchObject({ panics: 0, resets: 0 })
    }

    test("does not write again in the same boot, because the runtime formats a store with a gap", async () => {
        const flash = dropping()
        const { world, writes, formats } = await createRecordingWorld({ flash })
        flash.on = true
        world.board.powerOn()
        world.untilLogged("record not stored")
        flash.on = false
        world.cloud.hub(mooredHost(world)).disconnect(ID)
        world.untilLogged(/^moored/, 300)
        world.advanceSec(60)
        expect(writes).toHaveLength(1)
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged("record stored")
        expect(formats).toEqual([])
        expect(registrations(world)).toBe(2)
    })
})

describe("a board that reads an invalid record", () => {
    test("replaces a record with any damaged byte after a status lookup, without a registration", async () => {
        const { world, writes } = await createRecordingWorld()
        const { board } = world
        board.powerOn()
        world.untilLogged("record stored")
        const values = flashSteps(writes[0].before, writes[0].after).filter(step => step.what === "value")
        const from = values[0].at
        const to = from + Buffer.byteLength(JSON.stringify(readSettings(board.flash).hub))
        expect(to - from).toBeGreaterThan(40)
        for (let at = from; at < to; at++) {
            for (const bits of [0x01, 0x80]) {
                board.powerOff()
                const image = Uint8Array.from(writes[0].after)
                image[at] = (image[at] as number) ^ bits
                board.flash.save(image)
                const asked = lookups(world)
                board.powerOn()
                world.untilLogged(/^moored/)
                world.untilLogged("record stored")
                expect(lookups(world), `byte ${at - from}, bits ${bits}`).toBe(asked + 1)
            }
        }
        expect(registrations(world)).toBe(1)
        expect(board.stats).toMatchObject({ panics: 0, resets: 0 })
    })

    test("ignores a record of another owner", async () => {
        const world = await createWorld({ image: "main" })
        const { board } = world
        board.powerOn()
        world.untilLogged("record stored")
        board.powerOff()
        const other = { hub: "other.azure-devices.net", deviceId: ID, expirySec: 1_900_000_000 }
        writeSettings(board.flash, { hub: formatRecord(other, ID, "dps|0ne|key|") })
        const asked = lookups(world)
        board.powerOn()
        world.untilLogged("record stored")
        expect(world.logged("other.azure")).toEqual([])
        expect(lookups(world)).toBe(asked + 1)
        expect(registrations(world)).toBe(1)
    })
})

describe("a board that writes flash", () => {
    const DAYS = 4

    /** Runs days with a token renewal, a power cut and a lost session each. Returns the number of flash writes. */
    async function writesInBadDays(image: "main" | "maintight") {
        const world = await createWorld({ image, settings: { TOKEN_DAYS: 1, TELEMETRY_SEC: 3600 } })
        for (let day = 0; day < DAYS; day++) {
            world.board.powerOn()
            world.advanceSec(0.5 * DAY_SEC)
            world.cloud.hub(mooredHost(world)).disconnect(ID)
            world.advanceSec(0.5 * DAY_SEC)
            world.board.powerOff()
        }
        expect(world.logged(/^moored/).length).toBeGreaterThan(2 * DAYS)
        return world.board.stats.flashWrites
    }

    test("writes once (full image) or never (tight image) in four days with power cuts and lost sessions", async () => {
        expect(await writesInBadDays("main")).toBe(1)
        expect(await writesInBadDays("maintight")).toBe(0)
    })

    test("writes its record only after a session was stable for STABLE_SEC", async () => {
        const { world, writes } = await createRecordingWorld({ settings: { STABLE_SEC: 120 } })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(119)
        expect(writes).toEqual([])
        world.untilLogged("record stored", 2)
        expect(writes).toHaveLength(1)
    })
})
