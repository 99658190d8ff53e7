// One board of a run: the real VM with the real bytecode, its flash, its power switch and its road to the cloud.
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
import { type Assignment, formatRecord, parseRecord } from "@moorage/device/shared"
import type { TraceEvent } from "../trace/trace-event.js"
import type { BoardSpec } from "./fleet-spec.js"

export interface SimulatedBoardOptions extends BoardSpec {
    /** Its number in the plan. */
    number: number
    /** DPS host, ID scope and key, as the firmware names the owner of a record. */
    owner: string
    clock: Clock
    random: Random
    network: Network
    emit: (fact: Omit<TraceEvent, "ms" | "board">) => void
    /** Called before each write to flash. */
    onFlashWrite: (before: FlashRecord, after: FlashRecord) => void
}

/** Of the record of another owner: a hub that is no hub of the plan. */
const FOREIGN_HUB = "hub-of-another.azure-devices.net"

/** What the board has in flash about its hub. */
export interface FlashRecord {
    /** As text, both parts. */
    text: string
    assignment: Assignment | undefined
    crashes: number
}

/** Flash that can be made to keep nothing. */
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

/** An image as flash, to be read. */
function imageFlash(image: Uint8Array): Flash {
    return { bytes: image.length, load: () => image, save: () => 0 }
}

/** After flash was torn or spoilt the board is in the dark this long. */
const POWER_OFF_MS = 5_000

export class SimulatedBoard {
    readonly id: string
    readonly number: number
    readonly board: Board
    /** How many events keep the power away; it is on when none does and it was switched on. */
    private powerCuts = 0
    private isSwitchedOn = false
    private tearsNextWrite = false
    /** Whether flash ever kept nothing: the record may be missing. */
    hadFlashFailure = false
    private readonly flash: FailingFlash
    /** Whether a write was ever torn: only then can the program be gone. */
    private wasTorn = false

    constructor(readonly options: SimulatedBoardOptions) {
        const { id, number, emit: tell, clock } = options
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
            log: line => tell({ kind: "log", detail: line }),
        })
        const { board } = this
        board.on("powerOn", () => tell({ kind: "power", detail: "on" }))
        board.on("powerOff", () => tell({ kind: "power", detail: "off" }))
        board.on("reset", ({ reason }) => tell({ kind: "reset", detail: reason }))
        board.on("panic", ({ code, message }) => tell({ kind: "panic", detail: `${code}: ${message}` }))
        board.on("programStart", () => tell({ kind: "start" }))
    }

    /** Whether the record is kept in flash, as the full image does. */
    get storesRecord(): boolean {
        return this.options.profile.image === "main"
    }

    /** Whether power is there, as far as the plan goes. */
    get isPowered(): boolean {
        return this.board.isOn
    }

    switchOn(): void {
        this.isSwitchedOn = true
        this.applyPower()
    }

    /** Takes the power away for so long; overlapping cuts last until the last one ends. */
    cutPower(forMs: number): void {
        this.powerCuts++
        this.applyPower()
        this.options.clock.after(forMs, () => {
            this.powerCuts--
            this.applyPower()
        })
    }

    /** The next write to flash is torn by a power cut. */
    tearNextWrite(): void {
        this.tearsNextWrite = true
    }

    /**
     * Power goes, and comes back to a record that is not the board's own.
     * @param how `damaged`: one letter of the hub's name is another; `foreign`: whole, but not of this owner
     */
    spoilRecord(how: "damaged" | "foreign"): void {
        this.cutPower(POWER_OFF_MS)
        const record = String(readSettings(this.flash).hub ?? "")
        if (record === "" || this.flash.isFailing) return
        const [, name, , expiry] = record.split("|")
        const foreign = { hub: FOREIGN_HUB, deviceId: this.id, expirySec: Number(expiry) }
        const hub =
            how === "damaged"
                ? record.replace(/\|./, `|${name.startsWith("x") ? "y" : "x"}`)
                : formatRecord(foreign, this.id, "")
        writeSettings(this.flash, { hub })
    }

    setFlashFails(failing: boolean): void {
        this.flash.isFailing = failing
        this.hadFlashFailure ||= failing
    }

    /** What stands in flash now. */
    flashRecord(): FlashRecord {
        return this.readFlashRecord(this.flash)
    }

    /** Whether the runtime has formatted its store after a torn write: the program is gone (facts D2). */
    get isBricked(): boolean {
        return this.wasTorn && readProgram(this.flash) === undefined
    }

    private readFlashRecord(flash: Flash): FlashRecord {
        const settings = readSettings(flash)
        const text = `${String(settings.hub ?? "")}${String(settings.hub2 ?? "")}`
        const assignment = text ? parseRecord(text, this.id, this.options.owner) : undefined
        return { text, assignment, crashes: Number(settings.deaths ?? 0) }
    }

    private applyPower(): void {
        if (this.isSwitchedOn && this.powerCuts === 0) this.board.powerOn()
        else this.board.powerOff()
    }

    /** Leaves a part of the write, drawn from the board's own chance, and takes the power away. */
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
        const done = Math.floor(this.options.random.next() * (steps.length + 1))
        this.options.emit({ kind: "torn", detail: `after ${done} of ${steps.length} steps` })
        // The board switches itself off with what is left; the plan gives power back.
        this.options.clock.after(0, () => this.cutPower(POWER_OFF_MS))
        return tornImage(before, after, done)
    }
}
