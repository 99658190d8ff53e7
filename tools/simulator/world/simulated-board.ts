// One board of a run: the real VM with the real bytecode, and its flash, power switch and network.
import type { Clock, Random } from "@moorage/runtime"
import {
    Board,
    type Flash,
    flashSteps,
    type Network,
    readProgram,
    readSettings,
    tornImage,
    writeSettings,
} from "@moorage/vm"
import { type Assignment, FlashKey, formatRecord, parseRecord } from "@moorage/device/shared"
import type { TraceEvent } from "../trace/trace-event.js"
import type { BoardSpec } from "./fleet-spec.js"

export interface SimulatedBoardOptions extends BoardSpec {
    /** Number of the board in the plan. */
    number: number
    /** Owner of the record, as the firmware derives it from DPS host, ID scope and key. */
    owner: string
    clock: Clock
    random: Random
    network: Network
    emit: (event: Omit<TraceEvent, "ms" | "board">) => void
    /** Called before each write to flash that is not torn. */
    onFlashWrite: (before: FlashRecord, after: FlashRecord) => void
}

/** Hub in the record of another owner. No plan has this hub. */
const FOREIGN_HUB = "hub-of-another.azure-devices.net"

/** What the flash of a board contains about its hub. */
export interface FlashRecord {
    /** Text of both parts of the record. */
    text: string
    assignment: Assignment | undefined
    /** Consecutive crashes of the program. */
    crashes: number
}

/** Flash whose writes can be made to fail. */
class FailingFlash implements Flash {
    isFailing = false

    constructor(private readonly inner: Flash) {}

    get bytes(): number {
        return this.inner.bytes
    }

    load(target?: Uint8Array): Uint8Array {
        return this.inner.load(target)
    }

    save(image: Uint8Array): number {
        return this.isFailing ? 0 : this.inner.save(image)
    }
}

/** Returns an image as read-only flash. */
function imageFlash(image: Uint8Array): Flash {
    return { bytes: image.length, load: () => image, save: () => 0 }
}

/** A board has no power for this long after its flash was damaged. */
const POWER_OFF_MS = 5_000

/** A board of a run whose power and flash can be made to fail. */
export class SimulatedBoard {
    readonly id: string
    readonly number: number
    readonly board: Board
    /** Number of power cuts now. The board is on if it was switched on and there is none. */
    private powerCuts = 0
    private isSwitchedOn = false
    private tearsNextWrite = false
    /** Whether a write to flash may have failed, so that the record may be missing. */
    hadFlashFailure = false
    private readonly flash: FailingFlash
    /** Whether a write was ever torn. Only then can the program be lost. */
    private wasTorn = false

    constructor(readonly options: SimulatedBoardOptions) {
        const { id, number, emit, clock } = options
        this.id = id
        this.number = number
        this.flash = new FailingFlash(options.flash)
        this.board = new Board({
            id,
            bytecode: options.bytecode,
            settings: options.settings,
            flash: this.flash,
            heapBytes: options.profile.heapKB * 1024,
            measureHeap: false,
            clock,
            random: options.random,
            network: options.network,
            tear: (before, after) => this.interceptFlashWrite(before, after),
            log: line => emit({ kind: "log", detail: line }),
        })
        const { board } = this
        board.on("powerOn", () => emit({ kind: "power", detail: "on" }))
        board.on("powerOff", () => emit({ kind: "power", detail: "off" }))
        board.on("reset", ({ reason }) => emit({ kind: "reset", detail: reason }))
        board.on("panic", ({ code, message }) => emit({ kind: "panic", detail: `${code}: ${message}` }))
        board.on("programStart", () => emit({ kind: "start" }))
    }

    /** Whether the board has the full image, which stores its assignment in flash. */
    get storesRecord(): boolean {
        return this.options.profile.image === "main"
    }

    /** Whether the board has power. */
    get isPowered(): boolean {
        return this.board.isOn
    }

    /** Switches the board on. The board starts unless a power cut lasts. */
    switchOn(): void {
        this.isSwitchedOn = true
        this.applyPower()
    }

    /** Cuts the power for `forMs`. Overlapping cuts last until the end of the last one. */
    cutPower(forMs: number): void {
        this.powerCuts++
        this.applyPower()
        this.options.clock.after(forMs, () => {
            this.powerCuts--
            this.applyPower()
        })
    }

    /** Lets a power cut tear the next write to flash. */
    tearNextWrite(): void {
        this.tearsNextWrite = true
    }

    /**
     * Cuts the power for 5 s and replaces the record.
     * @param how `damaged`: the record has a wrong letter in the hub's name; `foreign`: the record is valid, but belongs to another owner
     */
    spoilRecord(how: "damaged" | "foreign"): void {
        this.cutPower(POWER_OFF_MS)
        const record = String(readSettings(this.flash)[FlashKey.Record] ?? "")
        if (record === "" || this.flash.isFailing) return
        const [, name, , expiry] = record.split("|")
        const foreign = { hub: FOREIGN_HUB, deviceId: this.id, expirySec: Number(expiry) }
        const hub =
            how === "damaged"
                ? record.replace(/\|./, `|${name.startsWith("x") ? "y" : "x"}`)
                : formatRecord(foreign, this.id, "")
        writeSettings(this.flash, { [FlashKey.Record]: hub })
    }

    /** Makes all writes to flash fail, or succeed again. */
    setFlashFailing(isFailing: boolean): void {
        this.flash.isFailing = isFailing
        this.hadFlashFailure ||= isFailing
    }

    /** Returns what flash contains now. */
    flashRecord(): FlashRecord {
        return this.readFlashRecord(this.flash)
    }

    /** Whether the runtime formatted its store after a torn write, so that the program is lost (runtime-facts.md, D2). */
    get isBricked(): boolean {
        return this.wasTorn && readProgram(this.flash) === undefined
    }

    private readFlashRecord(flash: Flash): FlashRecord {
        const settings = readSettings(flash)
        const text = `${String(settings[FlashKey.Record] ?? "")}${String(settings[FlashKey.RecordRest] ?? "")}`
        const assignment = text ? parseRecord(text, this.id, this.options.owner) : undefined
        return { text, assignment, crashes: Number(settings[FlashKey.Crashes] ?? 0) }
    }

    private applyPower(): void {
        if (this.isSwitchedOn && this.powerCuts === 0) this.board.powerOn()
        else this.board.powerOff()
    }

    /**
     * Reports a write to flash, or tears it after a random part and cuts the power.
     * Returns the torn image, or undefined for a complete write.
     */
    private interceptFlashWrite(before: Uint8Array, after: Uint8Array): Uint8Array | undefined {
        if (Buffer.compare(before, after) === 0) return undefined
        if (this.flash.isFailing) return undefined
        if (!this.tearsNextWrite) {
            this.options.onFlashWrite(
                this.readFlashRecord(imageFlash(before)),
                this.readFlashRecord(imageFlash(after))
            )
            return undefined
        }
        this.tearsNextWrite = false
        this.wasTorn = true
        const steps = flashSteps(before, after)
        const doneSteps = Math.floor(this.options.random.next() * (steps.length + 1))
        this.options.emit({ kind: "torn", detail: `after ${doneSteps} of ${steps.length} steps` })
        // The board switches off during the write. The power cut ends after POWER_OFF_MS.
        this.options.clock.after(0, () => this.cutPower(POWER_OFF_MS))
        return tornImage(before, after, doneSteps)
    }
}
