import { VmError } from "../vm-error.js"
import { LAYOUT, vmModule } from "./cli-bundle.js"

/** Thrown through the VM when it ends: `exit` is target_reset (ds.reboot), `abort` is JD_PANIC. */
export class MachineStop extends Error {
    constructor(readonly why: "exit" | "abort") {
        super(why === "exit" ? "the program rebooted the chip" : "the runtime aborted (JD_PANIC)")
        this.name = "MachineStop"
    }
}

/** What the VM asks of the board around it: the imports of the WebAssembly module. */
export interface MachineHost {
    readonly flashBytes: number
    nowMs(): number
    random(count: number): Uint8Array
    /** One line of the runtime's log (DMESG). */
    dmesg(line: string): void
    /** A panic stops the program; 0 is a restart that the program asked for. */
    panic(code: number): void
    /** The flash's image; it may be put into `target` already. */
    flashLoad(target: Uint8Array): Uint8Array
    /** What was programmed since the last call is to last; what then lies there is asked for by `flashLoad`. */
    flashSave(image: Uint8Array): void
    /** A jacdac frame leaves for the bus; `frame` is valid during the call. */
    frameSent(frame: Uint8Array): void
    socketOpen(host: string, port: number, tls: boolean): number
    socketWrite(bytes: Uint8Array): number
    socketClose(): void
    socketAvailable(): boolean
}

/** Event numbers of jd_tcpsock_on_event (JD_CONN_EV_*). */
export const SOCKET_EVENT = { open: 1, close: 2, error: 3, data: 4 } as const

/** The longest jacdac frame. */
const FRAME_BYTES = 252

interface Exports {
    memory: WebAssembly.Memory
    __wasm_call_ctors(): void
    emscripten_stack_init(): void
    malloc(bytes: number): number
    free(at: number): void
    jd_em_init(): void
    jd_em_process(): number
    jd_em_set_device_id_string(at: number): void
    jd_em_frame_received(at: number): number
    jd_em_devs_deploy(at: number, length: number): number
    jd_em_devs_enable_gc_stress(on: number): void
    jd_em_tcpsock_on_event(event: number, at: number, length: number): void
}

const decoder = new TextDecoder()

/**
 * V8 reserves 10 GB of addresses for each instance, of which a process of Linux on x86-64 has room for about 13,000
 * (Node 20; all threads together), long before memory is short.
 */
function instantiate(
    module: WebAssembly.Module,
    imports: ConstructorParameters<typeof WebAssembly.Instance>[1]
): WebAssembly.Instance {
    try {
        return new WebAssembly.Instance(module, imports)
    } catch (error) {
        if (!(error instanceof RangeError)) throw error
        throw new VmError(
            "memory",
            "No room for another VM in this process: run fewer boards in it, or more processes.",
            error
        )
    }
}

/**
 * One instance of the VM: a chip from reset to reset. The emscripten glue of the
 * bundle is not used; these are the same imports with the host passed in, so
 * that each board has its own clock, chance, flash, log and socket.
 */
export class Machine {
    private readonly vm: Exports
    private readonly bytes: Uint8Array
    /** The same memory in 32-bit words, by address / 4. */
    readonly words: Uint32Array
    private flashStart = 0

    constructor(
        private readonly host: MachineHost,
        heapBytes: number
    ) {
        const instance = instantiate(vmModule(heapBytes, host.flashBytes), {
            env: this.environment(),
            wasi_snapshot_preview1: {
                fd_close: () => 0,
                fd_seek: () => 70,
                // Nothing in the runtime prints but through em_print_dmesg.
                fd_write: () => 0,
            },
        })
        this.vm = instance.exports as unknown as Exports
        this.bytes = new Uint8Array(this.vm.memory.buffer)
        this.words = new Uint32Array(this.vm.memory.buffer)
        this.vm.emscripten_stack_init()
        this.vm.__wasm_call_ctors()
    }

    /** Starts the runtime: mounts the flash, starts its services. The program starts 1.1 s later. */
    init(deviceId: string, gcStress: boolean): void {
        // As esp32's app_main does: jd_seed_random(esp_random()). Zero would mean "not seeded".
        const seed = this.host.random(4)
        this.bytes.set(seed, LAYOUT.randomSeed)
        this.bytes[LAYOUT.randomSeed] = (seed[0] ?? 0) | 1
        this.withBytes(new TextEncoder().encode(`${deviceId}\0`), at =>
            this.vm.jd_em_set_device_id_string(at)
        )
        this.vm.jd_em_devs_enable_gc_stress(gcStress ? 1 : 0)
        this.vm.jd_em_init()
    }

    /** Runs all that is due; returns for how many milliseconds no fiber is. */
    process(): number {
        const idleMs = this.vm.jd_em_process() / 1000
        // Without a program there is no fiber to ask, but devsmgr may be about to start one.
        return this.context() === 0 ? 0 : idleMs
    }

    /** The 32-bit word at an address of the VM's memory. */
    word(at: number): number {
        return this.words[at / 4] as number
    }

    /** Address of the running program's devs_ctx_t, or 0 when none runs. */
    context(): number {
        const state = this.word(LAYOUT.managerState)
        return state === 0 ? 0 : this.word(state + LAYOUT.managerContext)
    }

    /** A copy of the memory, for {@link restore}. */
    memory(): Uint8Array {
        return this.bytes.slice()
    }

    /** Puts the memory back to an earlier {@link memory}: the chip is what it was then. Not in the middle of a turn. */
    restore(memory: Uint8Array): void {
        this.bytes.set(memory)
    }

    /** Writes the program to flash as a deploy does (devsmgr_deploy), and starts it. */
    deploy(bytecode: Uint8Array): void {
        const code = this.withBytes(bytecode, at => this.vm.jd_em_devs_deploy(at, bytecode.length))
        if (code !== 0) {
            throw new VmError(
                "deploy",
                `The VM refused the program (code ${code}): too big for the flash, or not bytecode.`
            )
        }
    }

    /** Hands the VM a jacdac frame, its CRC included. */
    receiveFrame(frame: Uint8Array): void {
        const code = this.withBytes(frame, at => this.vm.jd_em_frame_received(at))
        if (code !== 0) throw new VmError("settings", `The VM refused a frame (code ${code}).`)
    }

    socketEvent(event: number, payload?: Uint8Array): void {
        if (!payload) this.vm.jd_em_tcpsock_on_event(event, 0, 0)
        else this.withBytes(payload, at => this.vm.jd_em_tcpsock_on_event(event, at, payload.length))
    }

    private readFlash(): void {
        const target = this.bytes.subarray(this.flashStart, this.flashStart + this.host.flashBytes)
        const image = this.host.flashLoad(target)
        if (image !== target) target.set(image)
    }

    private withBytes<T>(bytes: Uint8Array, use: (at: number) => T): T {
        const at = this.vm.malloc(bytes.length)
        this.bytes.set(bytes, at)
        const result = use(at)
        this.vm.free(at)
        return result
    }

    private text(at: number, limit: number): string {
        const end = this.bytes.subarray(at, at + limit).indexOf(0)
        return decoder.decode(this.bytes.subarray(at, at + (end < 0 ? limit : end)))
    }

    private environment(): Record<string, (...args: number[]) => unknown> {
        const { host } = this
        const stop = (why: "exit" | "abort") => {
            throw new MachineStop(why)
        }
        const take = (at: number, length: number) => this.bytes.slice(at, at + length)
        const table: Record<string, (a: number, b: number, c: number) => unknown> = {
            em_flash_size: () => host.flashBytes,
            em_flash_load: start => {
                this.flashStart = start
                this.readFlash()
            },
            em_flash_save: () => {
                host.flashSave(this.bytes.slice(this.flashStart, this.flashStart + host.flashBytes))
                // The chip reads its flash, not what it meant to write there.
                this.readFlash()
            },
            em_send_frame: at => host.frameSent(this.bytes.subarray(at, at + FRAME_BYTES)),
            em_send_large_frame: at => host.frameSent(this.bytes.subarray(at, at + FRAME_BYTES)),
            em_deploy_handler: () => undefined,
            _devs_panic_handler: code => host.panic(code),
            em_time_now: () => host.nowMs(),
            em_jd_crypto_get_random: (at, count) => this.bytes.set(host.random(count), at),
            em_print_dmesg: at => host.dmesg(this.text(at, 1024)),
            _jd_tcpsock_new: (at, port) => host.socketOpen(this.text(at, 256), Math.abs(port), port < 0),
            _jd_tcpsock_write: (at, length) => host.socketWrite(take(at, length)),
            _jd_tcpsock_close: () => host.socketClose(),
            _jd_tcpsock_is_available: () => (host.socketAvailable() ? 1 : 0),
            emscripten_memcpy_big: (to, from, count) => this.bytes.copyWithin(to, from, from + count),
            emscripten_resize_heap: bytes => {
                throw new VmError(
                    "memory",
                    `The VM wants ${bytes} bytes of memory: ARENA_SLACK_BYTES is too small.`
                )
            },
            abort: () => stop("abort"),
            exit: () => stop("exit"),
        }
        return table as Record<string, (...args: number[]) => unknown>
    }
}
