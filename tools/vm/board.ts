import { createHash } from "node:crypto"
import type { Clock, Random, Timer } from "@moorage/runtime"
import { DEFAULT_HEAP_BYTES } from "./runtime/cli-bundle.js"
import { pressButton } from "./push-button.js"
import { type ConsoleLine, consoleLine, isProgramStart, panicText } from "./runtime/console-line.js"
import { Emitter } from "./emitter.js"
import { VmError } from "./vm-error.js"
import type { Flash } from "./flash/flash-memory.js"
import { type StatusLight, parseStatusLight } from "./runtime/jacdac-frame.js"
import { HeapGauge } from "./runtime/heap-gauge.js"
import { Machine, type MachineHost, MachineStop } from "./runtime/machine.js"
import type { Network } from "./network/network.js"
import { programmedFlash, writeProgram, writeSettings } from "./flash/provision-flash.js"
import { LONGEST_SLEEP_MS, sleepMs } from "./runtime/board-sleep.js"
import { BoardSocket } from "./network/board-socket.js"
import { type BoardStats, beginBoot, count, newStats, recordHeapUse } from "./board-stats.js"
import type { TearWrite } from "./flash/torn-write.js"
import { Ticker } from "./runtime/ticker.js"

/** Time from power-on or reset to the first turn of the runtime: boot ROM, bootloader, start of ESP-IDF. */
const BOOT_MS = 300

export interface BoardOptions {
    id: string
    /** 16 hex digits (default: derived from `id` in the form of the ESP32, which is `fe`, MAC address, `ff`). */
    deviceId?: string
    /** Program that the board boots. Written to the flash as a deploy does, unless the flash contains it already. */
    bytecode: Uint8Array
    /** Settings deployed with the program. Values that the flash already contains are not written again. */
    settings?: Record<string, unknown>
    /** Flash of the board (default: 256 KB in memory, blank). */
    flash?: Flash
    /** Cuts the power inside a write to flash (default: never). */
    tear?: TearWrite
    /** Size of the GC heap: 65536 on ESP32, C3 and S3, 40960 on S2 (default: 65536). */
    heapBytes?: number
    clock: Clock
    random: Random
    network: Network
    /** Receives each line of the program's console, panics and traces included. Messages of the runtime are omitted. */
    log?: (line: string, level: ConsoleLine["level"]) => void
    /** Collects garbage before each allocation, which is slow and finds heap corruption (default: false). */
    gcStress?: boolean
    /** Measures the heap after each wake that allocated memory, for `stats.heapPeakBytes` (default: true). */
    measureHeap?: boolean
    /** Longest sleep in ms while nothing is due (default and maximum: 30 minutes, see {@link sleepMs}). */
    sleepMaxMs?: number
}

export type ResetReason = "button" | "program" | "abort"

export interface BoardEvents {
    powerOn: undefined
    powerOff: undefined
    reset: { reason: ResetReason }
    /** The program stopped with `code`, and the runtime restarts it after 5 s. With `abort` the chip reboots immediately. */
    panic: { code: number | "abort"; message: string }
    programStart: undefined
    /** The program sets the colour of the status light. */
    light: StatusLight
    /** One line of the program's console. */
    log: string
    /** One line of the runtime's log, which contains the console lines too. */
    dmesg: string
}

/**
 * A board: real DeviceScript bytecode in the real VM. Power, flash, clock, random numbers and network are passed in. As on
 * hardware, an uncaught exception or an exhausted heap restarts the program after 5 s (runtime-facts.md, D10 and D15).
 * `ds.reboot()` and an abort of the runtime restart the chip. Only the flash keeps its content then.
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
    private isPowered = false
    /** The current turn produced work for the next tick that the VM does not know about. */
    private hasWorkForNextTick = false

    constructor(private readonly options: BoardOptions) {
        this.id = options.id
        this.deviceId = options.deviceId ?? deriveDeviceId(options.id)
        if (!/^[0-9a-f]{16}$/.test(this.deviceId)) {
            throw new VmError(
                "options",
                `A device identifier must have 16 lower-case hex digits; "${this.deviceId}" does not.`
            )
        }
        this.flash = options.flash ?? programmedFlash(options.bytecode)
        this.heapBytes = options.heapBytes ?? DEFAULT_HEAP_BYTES
        this.ticker = new Ticker(options.clock, () => this.turn())
        if (options.flash) writeProgram(this.flash, options.bytecode)
        writeSettings(this.flash, options.settings ?? {})
    }

    get isOn(): boolean {
        return this.isPowered
    }

    /** Used bytes of the GC heap, garbage included, or undefined while no program runs (see {@link HeapGauge}). */
    get heapUsedBytes(): number | undefined {
        return this.machine && new HeapGauge(this.machine).sample()
    }

    /** Calls `fn` for each `event`. @returns a function that ends the subscription */
    on<E extends keyof BoardEvents>(event: E, fn: (detail: BoardEvents[E]) => void): () => void {
        return this.events.on(event, fn)
    }

    /** Switches the power on. The program starts about 1.4 s later. */
    powerOn(): void {
        if (this.isPowered) return
        this.isPowered = true
        this.stats.powerOns++
        this.events.emit("powerOn", undefined)
        this.startChip()
    }

    /** Cuts the power. The program stops, the peer of its socket sees a reset, and the flash keeps its content. */
    powerOff(): void {
        if (!this.isPowered) return
        this.isPowered = false
        this.stopChip()
        this.events.emit("powerOff", undefined)
    }

    /** Presses the reset button. */
    reset(): void {
        if (this.isPowered) this.restartChip("button")
    }

    /** Presses the push button that the program uses and releases it after `heldMs`. Does nothing while the board is off. */
    pressButton(heldMs: number): void {
        pressButton(this.options.clock, heldMs, frame => {
            this.machine?.receiveFrame(frame)
            this.ticker.wakeNext()
        })
    }

    /**
     * Stops or resumes the worker task of the socket. While it is stopped, as in a stuck TCP connection, its queue fills up
     * and then rejects commands with -1.
     */
    stallSocket(isStalled: boolean): void {
        this.socket?.stall(isStalled)
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

    /** Runs one turn of the main loop: the VM, then the socket (devicescript-esp32, main.c, loop_handler). */
    private turn(): void {
        this.hasWorkForNextTick = false
        count(this.stats, "wakes")
        const { sleepMaxMs = LONGEST_SLEEP_MS } = this.options
        this.run((machine, socket) => {
            const idleMs = machine.process()
            const used = this.gauge?.sample()
            if (used !== undefined) recordHeapUse(this.stats, used)
            if (socket.process() || socket.isBusy) this.hasWorkForNextTick = true
            if (this.machine === machine)
                this.ticker.wakeAfter(this.hasWorkForNextTick ? 0 : sleepMs(machine, idleMs, sleepMaxMs))
        })
    }

    /** Runs the VM. When the VM ends, the chip restarts. */
    private run(step: (machine: Machine, socket: BoardSocket) => void): void {
        const { machine, socket } = this
        if (!machine || !socket) return
        try {
            step(machine, socket)
        } catch (error) {
            // A listener cut the power or reset the chip during this step.
            if (this.machine !== machine) return
            if (error instanceof MachineStop && error.reason === "exit") this.restartChip("program")
            else if (error instanceof MachineStop || error instanceof WebAssembly.RuntimeError) {
                this.abort(error.message)
            } else throw error
        }
    }

    /** Handles JD_PANIC: the chip reboots immediately. */
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
        // A listener can cut the power in the middle of a turn. The rest of that turn must have no effect.
        const isCurrent = () => this.socket === socket
        return {
            flashBytes: flash.bytes,
            nowMs: () => this.ticker.nowMs(),
            random: length => options.random.bytes(length),
            dmesg: line => isCurrent() && this.dmesg(line),
            panic: code => isCurrent() && this.programStopped(code),
            flashLoad: target => flash.load(target),
            flashSave: image => isCurrent() && this.saveFlash(image),
            frameSent: frame => {
                this.hasWorkForNextTick = true
                const light = isCurrent() ? parseStatusLight(frame) : undefined
                if (light) this.events.emit("light", light)
            },
            socketOpen: (host, port, tls) => socket.open({ host, port, tls }),
            socketWrite: bytes => socket.write(bytes),
            socketClose: () => socket.close(),
            socketAvailable: () => options.network.isAvailable,
        }
    }

    private programStopped(code: number): void {
        this.hasWorkForNextTick = true
        if (code === 0) count(this.stats, "restarts")
        else this.panic(code, panicText(code))
    }

    private saveFlash(image: Uint8Array): void {
        const torn = this.options.tear?.(this.flash.load(), image)
        const pages = this.flash.save(torn ?? image)
        if (pages > 0) {
            count(this.stats, "flashWrites")
            count(this.stats, "flashPages", pages)
        }
        if (torn) this.powerOff()
    }

    private dmesg(line: string): void {
        this.events.emit("dmesg", line)
        if (isProgramStart(line)) {
            count(this.stats, "programStarts")
            this.events.emit("programStart", undefined)
        }
        const consoleOutput = consoleLine(line)
        if (!consoleOutput) return
        this.options.log?.(consoleOutput.text, consoleOutput.level)
        this.events.emit("log", consoleOutput.text)
    }
}

function deriveDeviceId(id: string): string {
    return `fe${createHash("sha256").update(id).digest("hex").slice(0, 12)}ff`
}
