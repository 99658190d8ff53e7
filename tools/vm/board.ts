import { createHash } from "node:crypto"
import type { Clock, Random, Timer } from "@moorage/runtime"
import { DEFAULT_HEAP_BYTES } from "./runtime/cli-bundle.js"
import { pressButton } from "./push-button.js"
import { type ConsoleLine, consoleLine, isProgramStart, panicMeaning } from "./runtime/console-line.js"
import { Emitter } from "./emitter.js"
import { VmError } from "./vm-error.js"
import type { Flash } from "./flash/flash-memory.js"
import { type StatusLight, statusLightIn } from "./runtime/jacdac-frame.js"
import { HeapGauge } from "./runtime/heap-gauge.js"
import { Machine, type MachineHost, MachineStop } from "./runtime/machine.js"
import type { Network } from "./network/network.js"
import { programmedFlash, writeProgram, writeSettings } from "./flash/provision-flash.js"
import { LONGEST_SLEEP_MS, sleepMs } from "./runtime/board-sleep.js"
import { BoardSocket } from "./network/board-socket.js"
import { type BoardStats, beginBoot, count, newStats, noteHeap } from "./board-stats.js"
import type { Tear } from "./flash/torn-write.js"
import { Ticker } from "./runtime/ticker.js"

/** From power or reset to the runtime's first turn: boot ROM, bootloader, start of ESP-IDF. */
const BOOT_MS = 300

export interface BoardOptions {
    id: string
    /** 16 hex digits; derived from `id` unless given, in the ESP32's form: fe, MAC, ff. */
    deviceId?: string
    /** What the board boots. Put into the flash as a deploy does, unless it is there already. */
    bytecode: Uint8Array
    /** Settings deployed with the program; those that the flash already holds are not rewritten. */
    settings?: Record<string, unknown>
    /** Blank 256 KB in memory unless given. */
    flash?: Flash
    /** Whether power fails inside a write to flash, and what is left of it then. Never unless given. */
    tear?: Tear
    /** The VM's GC heap: 65536 on ESP32, C3 and S3, 40960 on S2. */
    heapBytes?: number
    clock: Clock
    random: Random
    network: Network
    /** Lines of the program's console, panics and traces included; the runtime's own chatter is not. */
    log?: (line: string, level: ConsoleLine["level"]) => void
    /** A garbage collection before each allocation: slow, finds heap damage. */
    gcStress?: boolean
    /** Whether the heap is measured after each wake that allocated (`stats.heapPeakBytes`). On unless false. */
    measureHeap?: boolean
    /** For how long the board sleeps at most while nothing is due (sleep.ts); 30 minutes unless less is given. */
    sleepMaxMs?: number
}

export type ResetReason = "button" | "program" | "abort"

export interface BoardEvents {
    powerOn: undefined
    powerOff: undefined
    reset: { reason: ResetReason }
    /** The program died of `code`; the runtime restarts it 5 s later. `abort`: the chip reboots at once. */
    panic: { code: number | "abort"; message: string }
    programStart: undefined
    /** The program sets the status light. */
    light: StatusLight
    /** A line of the program's console. */
    log: string
    /** Every line of the runtime's log. */
    dmesg: string
}

/**
 * A board: real DeviceScript bytecode in the real VM, with power, flash, clock,
 * chance and network passed in. As on hardware, an uncaught exception or an
 * exhausted heap restarts the program after 5 s, `ds.reboot()` and an abort of
 * the runtime restart the chip, and only the flash survives that.
 */
export class Board {
    readonly id: string
    readonly deviceId: string
    readonly flash: Flash
    readonly stats: BoardStats = newStats()
    private readonly events = new Emitter<BoardEvents>()
    private readonly heapBytes: number
    private machine: Machine | undefined
    private gauge: HeapGauge | undefined
    private socket: BoardSocket | undefined
    private readonly ticker: Ticker
    private bootTimer: Timer | undefined
    private powered = false
    /** The turn left something for the next tick, beside what the VM knows of. */
    private urgent = false

    constructor(private readonly options: BoardOptions) {
        this.id = options.id
        this.deviceId = options.deviceId ?? deriveDeviceId(options.id)
        if (!/^[0-9a-f]{16}$/.test(this.deviceId)) {
            throw new VmError(
                "options",
                `A device identifier is 16 lower-case hex digits, not "${this.deviceId}".`
            )
        }
        this.flash = options.flash ?? programmedFlash(options.bytecode)
        this.heapBytes = options.heapBytes ?? DEFAULT_HEAP_BYTES
        this.ticker = new Ticker(options.clock, () => this.turn())
        if (options.flash) writeProgram(this.flash, options.bytecode)
        writeSettings(this.flash, options.settings ?? {})
    }

    get isOn(): boolean {
        return this.powered
    }

    /** What is not free in the GC heap now, in bytes; undefined while no program runs. See heap.ts. */
    get heapUsedBytes(): number | undefined {
        return this.machine && new HeapGauge(this.machine).sample()
    }

    /** Calls `fn` at each `event`; returns what ends that. */
    on<E extends keyof BoardEvents>(event: E, fn: (detail: BoardEvents[E]) => void): () => void {
        return this.events.on(event, fn)
    }

    powerOn(): void {
        if (this.powered) return
        this.powered = true
        this.stats.powerOns++
        this.events.emit("powerOn", undefined)
        this.startChip()
    }

    /** Cuts the power: the program is gone, peers of its socket see a reset, the flash stays. */
    powerOff(): void {
        if (!this.powered) return
        this.powered = false
        this.stopChip()
        this.events.emit("powerOff", undefined)
    }

    /** The reset button. */
    reset(): void {
        if (this.powered) this.restartChip("button")
    }

    /** Presses the push button that the program knows, and lets go after `heldMs`; the board must be on. */
    pressButton(heldMs: number): void {
        pressButton(this.options.clock, heldMs, frame => {
            this.machine?.receiveFrame(frame)
            this.ticker.wakeNext()
        })
    }

    /** Stops the socket's worker task, as a stuck TCP connection does: its queue fills, then refuses with -1. */
    stallSocket(on: boolean): void {
        this.socket?.stall(on)
    }

    private startChip(): void {
        beginBoot(this.stats)
        this.bootTimer = this.options.clock.after(BOOT_MS, () => this.boot())
    }

    private stopChip(): void {
        this.bootTimer?.cancel()
        this.ticker.stop()
        this.socket?.destroy()
        this.socket = undefined
        this.machine = undefined
        this.gauge = undefined
    }

    private restartChip(reason: ResetReason): void {
        this.stopChip()
        this.stats.resets++
        this.startChip()
        this.events.emit("reset", { reason })
    }

    private boot(): void {
        const socket = new BoardSocket({
            network: this.options.network,
            wake: () => this.ticker.wakeNext(),
            deliver: (event, payload) => this.machine?.socketEvent(event, payload),
            count: (what, by) => count(this.stats, what, by),
            abort: message => this.abort(message),
        })
        this.socket = socket
        this.machine = new Machine(this.machineHost(socket), this.heapBytes)
        if (this.options.measureHeap !== false) this.gauge = new HeapGauge(this.machine)
        this.ticker.start()
        this.run(machine => machine.init(this.deviceId, this.options.gcStress ?? false))
    }

    /** One turn of the ESP32's main loop (main.c loop_handler): the VM, then the socket. */
    private turn(): void {
        this.urgent = false
        count(this.stats, "wakes")
        const { sleepMaxMs = LONGEST_SLEEP_MS } = this.options
        this.run((machine, socket) => {
            const idleMs = machine.process()
            const used = this.gauge?.sample()
            if (used !== undefined) noteHeap(this.stats, used)
            if (socket.process() || socket.busy) this.urgent = true
            if (this.machine === machine)
                this.ticker.wakeAfter(this.urgent ? 0 : sleepMs(machine, idleMs, sleepMaxMs))
        })
    }

    /** Runs the VM; when it stops for good, the chip starts over. */
    private run(step: (machine: Machine, socket: BoardSocket) => void): void {
        const { machine, socket } = this
        if (!machine || !socket) return
        try {
            step(machine, socket)
        } catch (error) {
            // Power was cut, or the chip reset, by a listener of what it did last.
            if (this.machine !== machine) return
            if (error instanceof MachineStop && error.why === "exit") this.restartChip("program")
            else if (error instanceof MachineStop || error instanceof WebAssembly.RuntimeError) {
                this.abort(error.message)
            } else throw error
        }
    }

    /** JD_PANIC on the chip: it reboots at once. */
    private abort(message: string): void {
        this.panic("abort", message)
        this.restartChip("abort")
    }

    private panic(code: number | "abort", message: string): void {
        count(this.stats, "panics")
        this.stats.panicCodes.push(code)
        this.events.emit("panic", { code, message })
    }

    private machineHost(socket: BoardSocket): MachineHost {
        const { options, flash } = this
        // A listener may cut the power in the middle of a turn: what the VM does
        // in the rest of that turn must leave no trace.
        const live = () => this.socket === socket
        return {
            flashBytes: flash.bytes,
            nowMs: () => this.ticker.nowMs(),
            random: length => options.random.bytes(length),
            dmesg: line => live() && this.dmesg(line),
            panic: code => live() && this.programStopped(code),
            flashLoad: target => flash.load(target),
            flashSave: image => live() && this.saveFlash(image),
            frameSent: frame => {
                this.urgent = true
                const light = live() ? statusLightIn(frame) : undefined
                if (light) this.events.emit("light", light)
            },
            socketOpen: (host, port, tls) => socket.open({ host, port, tls }),
            socketWrite: bytes => socket.write(bytes),
            socketClose: () => socket.close(),
            socketAvailable: () => options.network.available,
        }
    }

    private programStopped(code: number): void {
        this.urgent = true
        if (code === 0) count(this.stats, "restarts")
        else this.panic(code, panicMeaning(code))
    }

    private saveFlash(image: Uint8Array): void {
        const left = this.options.tear?.(this.flash.load(), image)
        const pages = this.flash.save(left ?? image)
        if (pages > 0) {
            count(this.stats, "flashWrites")
            count(this.stats, "flashPages", pages)
        }
        if (left) this.powerOff()
    }

    private dmesg(line: string): void {
        this.events.emit("dmesg", line)
        if (isProgramStart(line)) {
            count(this.stats, "programStarts")
            this.events.emit("programStart", undefined)
        }
        const shown = consoleLine(line)
        if (!shown) return
        this.options.log?.(shown.text, shown.level)
        this.events.emit("log", shown.text)
    }
}

function deriveDeviceId(id: string): string {
    return `fe${createHash("sha256").update(id).digest("hex").slice(0, 12)}ff`
}
