// What flash does to a board: power that fails between two writes and inside one, a store that is full or takes
// nothing, records that are damaged. What the runtime makes of it (docs/internals/flash.md) is held here as it is.
import { formatRecord } from "../../devs/store/assignment-record"
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
/** So little that the full image lives, but cannot read {@link HEAVY}. */
const SMALL_HEAP_BYTES = 14 * 1024
const HEAVY = Array.from({ length: 400 }, () => [])

interface Phase {
    writes: string[]
    begin: (world: FirmwareWorld) => void
    /** Takes away what would kill the board again. */
    mend?: (world: FirmwareWorld) => void
}

/** What makes a board write its flash, in the order of a life. */
const LIFE: Phase[] = [
    { writes: ["first record"], begin: world => world.board.powerOn() },
    {
        // Hub and device ID of 128 characters each: a record of two settings.
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
        writes: ["expiry 100 days on"],
        begin(world) {
            world.board.powerOff()
            world.advanceSec(100 * DAY_SEC)
            world.board.powerOn()
        },
    },
    {
        writes: ["a death"],
        begin: world => world.cloud.hub(LONG_HUB).patchDesired(LONG_ID, { a: HEAVY }),
        mend: world => world.cloud.hub(LONG_HUB).patchDesired(LONG_ID, { a: null }),
    },
    {
        writes: ["end of the deaths"],
        begin(world) {
            world.board.powerOff()
            LIFE[3].mend?.(world)
            world.board.powerOn()
        },
    },
]
const NAMES = LIFE.flatMap(phase => phase.writes)

interface Write {
    before: Uint8Array
    after: Uint8Array
}

/** A board that notes its writes, and loses power right behind write number `cutAt`. */
async function noting(options: Partial<FirmwareWorldOptions> = {}, cutAt = -1) {
    const writes: Write[] = []
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

/** Lives {@link LIFE}, or until power is cut: then it comes back after 10 s, and the board may moor. */
async function live(cutAt?: number) {
    const noted = await noting({ hubs: [HUBS[0], LONG_HUB], heapBytes: SMALL_HEAP_BYTES }, cutAt)
    const { world, writes, formats } = noted
    const group = { enrollmentGroupId: "fleet", primaryKey: GROUP_KEY, iotHubs: [HUBS[0]] }
    world.cloud.dps.enrollments.putGroup(group)
    let due = 0
    for (const phase of LIFE) {
        due += phase.writes.length
        phase.begin(world)
        const { board } = world
        world.clock.advanceUntil(() => writes.length >= due || !board.isOn, 600_000)
        if (!board.isOn) {
            phase.mend?.(world)
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

describe("a power cut between two writes", () => {
    test("the life of this file has these writes", async () => {
        const { world, writes, formats } = await live()
        expect(writes).toHaveLength(NAMES.length)
        expect(world.board.stats.panics).toBe(1)
        expect(readSettings(world.board.flash).deaths).toBe(0)
        expect(formats).toEqual([])
    })

    test.each(NAMES.map((name, i) => [name, i] as const))(
        "right behind %s: the board boots, moors without another registration, and moors again",
        async (_, cutAt) => {
            const { world, writes, formats } = await live(cutAt)
            expect(writes.length).toBeGreaterThan(cutAt)
            expect(world.board.stats.powerOns).toBeGreaterThan(1)
            expect(registrations(world)).toBe(cutAt === 0 ? 1 : 2)
            world.board.powerOff()
            const before = world.dials.length
            world.board.powerOn()
            world.untilLogged(/^moored/)
            // By its record: one connection.
            expect(world.dials.length - before).toBe(1)
            expect(formats).toEqual([])
        }
    )
})

type Fate = "moors" | "program lost"

/** What becomes of a board that finds `image` in its flash. */
function fate(world: FirmwareWorld, formats: string[], image: Uint8Array): Fate | "neither" {
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

/** The fates after 0, 1, 2 ... of the steps of a write. */
function fates(world: FirmwareWorld, formats: string[], { before, after }: Write) {
    const steps = flashSteps(before, after)
    return Array.from({ length: steps.length + 1 }, (_, count) =>
        fate(world, formats, tornImage(before, after, count))
    )
}

/** `fates` of a write of `words`: fine before it and behind it, and when nothing but the entry's last word is missing. */
function tornAppend(words: number): Fate[] {
    return Array.from({ length: words + 1 }, (_, count) =>
        count === 0 || count >= words - 1 ? "moors" : "program lost"
    )
}

describe("a power cut inside a write, at each 4 bytes: the runtime's defect (facts D2)", () => {
    test("the runtime formats, and the program is lost, at all cut points but the last of each write", async () => {
        const { world, writes, formats } = await live()
        const words = writes.map(({ before, after }) => flashSteps(before, after).length)
        expect(Object.fromEntries(NAMES.map((name, i) => [name, words[i]]))).toEqual({
            "first record": 19,
            "other hub: rest of the record": 21,
            "other hub: the record": 63,
            "expiry 100 days on": 21,
            "a death": 7,
            "end of the deaths": 7,
        })
        // A copy: the boards that boot below write as well.
        for (const [i, write] of [...writes].entries())
            expect(fates(world, formats, write), NAMES[i]).toEqual(tornAppend(words[i]))
    })

    test("the store's own collection is safe at each step; only the write behind it is not", async () => {
        const { world, writes, formats } = await noting()
        fillWithStaleValues(world.board.flash)
        world.board.powerOn()
        world.untilLogged("record kept")
        expect(writes).toHaveLength(2)
        const [collection, append] = writes
        const steps = flashSteps(collection.before, collection.after)
        expect(new Set(steps.map(step => step.what))).toEqual(new Set(["value", "entry", "header"]))
        expect(new Set(fates(world, formats, collection))).toEqual(new Set(["moors"]))
        expect(fates(world, formats, append)).toEqual(tornAppend(19))
    })

    /** A board whose active bank is `bank`, and that lost its program by a cut in its first write. */
    async function bricked(bank: 0 | 1) {
        const { world, writes, formats } = await noting()
        const { board } = world
        const program = Uint8Array.from(readProgram(board.flash) ?? [])
        if (bank === 1) {
            fillWithStaleValues(board.flash)
            writeSettings(board.flash, { dead: 0 })
        }
        expect(activeBank(board.flash)).toBe(bank)
        board.powerOn()
        world.untilLogged("record kept")
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

    test("in the first bank it formats once, and a program put there anew starts", async () => {
        const { flash, program, formats, boot } = await bricked(0)
        expect([boot(), boot(), boot()]).toEqual([0, 0, 0])
        expect(formats).toHaveLength(1)
        writeProgram(flash, program)
        expect(boot()).toBe(1)
    })

    test("in the second bank it formats at each boot, and a program put there anew is lost again", async () => {
        const { flash, program, formats, boot } = await bricked(1)
        expect([boot(), boot(), boot()]).toEqual([0, 0, 0])
        expect(formats).toHaveLength(3)
        writeProgram(flash, program)
        expect(boot()).toBe(0)
        // Only an erased flash mends it.
        flash.save(new Uint8Array(flash.bytes).fill(0xff))
        writeProgram(flash, program)
        expect(boot()).toBe(1)
    })
})

/** A flash whose saves keep what `spoil` makes of them, once it is switched on. */
function spoiled(spoil: (before: Uint8Array, after: Uint8Array) => Uint8Array) {
    const inner = memoryFlash()
    const flash = {
        on: false,
        bytes: inner.bytes,
        load: () => inner.load(),
        save: (image: Uint8Array) => inner.save(flash.on ? spoil(inner.load(), image) : image),
    }
    return flash
}

/** Clears one bit of the record, as a worn cell does. */
function wearRecord(image: Uint8Array): Uint8Array {
    const copy = Buffer.from(image)
    const at = copy.lastIndexOf("1|hub-")
    if (at >= 0) copy[at + 5] = (copy[at + 5] as number) & ~0x08
    return copy
}

function fillWithLive(flash: Flash): void {
    for (const length of [200, 20, 1]) {
        try {
            for (let i = 0; ; i++) writeSettings(flash, { [`l${length}_${i}`]: "x".repeat(length) })
        } catch {
            // Full for values of that length.
        }
    }
}

describe("flash that keeps no record", () => {
    const dropping = () => spoiled(before => before)
    const worn = () => spoiled((_, after) => wearRecord(after))

    test.each([
        ["that takes no write", dropping],
        ["that does not read back what was written", worn],
    ])("%s: the board moors, says so, and finds its hub by lookup at the next boot", async (_, make) => {
        const flash = make()
        const world = await createWorld({ image: "main", flash })
        flash.on = true
        await livesByLookup(world)
    })

    test("that is full: the board moors, says so, and finds its hub by lookup at the next boot", async () => {
        const world = await createWorld({ image: "main" })
        fillWithLive(world.board.flash)
        await livesByLookup(world)
    })

    async function livesByLookup(world: FirmwareWorld) {
        world.board.powerOn()
        world.untilLogged("record not kept: the next boot asks DPS")
        world.board.powerOff()
        const asked = lookups(world)
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.untilLogged("record not kept: the next boot asks DPS")
        expect(lookups(world)).toBe(asked + 1)
        expect(registrations(world)).toBe(1)
        expect(world.board.stats).toMatchObject({ panics: 0, resets: 0 })
    }

    test("is not written again in that boot: behind a lost write the runtime would see a gap, and format", async () => {
        const flash = dropping()
        const { world, writes, formats } = await noting({ flash })
        flash.on = true
        world.board.powerOn()
        world.untilLogged("record not kept")
        flash.on = false
        world.cloud.hub(mooredHost(world)).disconnect(ID)
        world.untilLogged(/^moored/, 300)
        world.advanceSec(60)
        expect(writes).toHaveLength(1)
        world.board.powerOff()
        world.board.powerOn()
        world.untilLogged("record kept")
        expect(formats).toEqual([])
        expect(registrations(world)).toBe(1)
    })
})

describe("a record that is damaged", () => {
    test("in any one byte is none: the board looks itself up, moors, mends it, and never registers", async () => {
        const { world, writes } = await noting()
        const { board } = world
        board.powerOn()
        world.untilLogged("record kept")
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
                world.untilLogged("record kept")
                expect(lookups(world), `byte ${at - from}, bits ${bits}`).toBe(asked + 1)
            }
        }
        expect(registrations(world)).toBe(1)
        expect(board.stats).toMatchObject({ panics: 0, resets: 0 })
    })

    test("or another owner's is none as well", async () => {
        const world = await createWorld({ image: "main" })
        const { board } = world
        board.powerOn()
        world.untilLogged("record kept")
        board.powerOff()
        const other = { hub: "other.azure-devices.net", deviceId: ID, expirySec: 1_900_000_000 }
        writeSettings(board.flash, { hub: formatRecord(other, ID, "dps|0ne|key|") })
        const asked = lookups(world)
        board.powerOn()
        world.untilLogged("record kept")
        expect(world.logged("other.azure")).toEqual([])
        expect(lookups(world)).toBe(asked + 1)
        expect(registrations(world)).toBe(1)
    })
})

describe("writes", () => {
    const DAYS = 4

    /** Days with a token of one day, a power cut and a lost session each. */
    async function badDays(image: "main" | "maintight") {
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

    test("of the full image in four bad days: one; of the tight image: none", async () => {
        expect(await badDays("main")).toBe(1)
        expect(await badDays("maintight")).toBe(0)
    })

    test("come only from a session that was stable for STABLE_SEC", async () => {
        const { world, writes } = await noting({ settings: { STABLE_SEC: 120 } })
        world.board.powerOn()
        world.untilLogged(/^moored/)
        world.advanceSec(119)
        expect(writes).toEqual([])
        world.untilLogged("record kept", 2)
        expect(writes).toHaveLength(1)
    })
})
