// The VM of DeviceScript as one chip: the WebAssembly module, its imports, and the timing of its main loop.
import { VmError } from "../vm-error.js"
import { LAYOUT, vmModule } from "./cli-bundle.js"

/** Ends a call into the VM when the chip stops: `exit` is target_reset (ds.reboot), `abort` is JD_PANIC. */
export class MachineStop extends Error {
    constructor(readonly reason: "exit" | "abort") {
        super(reason === "exit" ? "the program rebooted the chip" : "the runtime aborted (JD_PANIC)")
        this.name = "MachineStop"
    }
}

/** Functions of the board that the VM calls: the imports of the WebAssembly module. */
export interface MachineHost {
    readonly flashBytes: number
    nowMs(): number
    random(count: number): Uint8Array
    /** Receives one line of the log of the runtime (DMESG). */
    dmesg(line: string): void
    /** Called when the program stops with a panic code. Code 0 is a restart that the program requested. */
    panic(code: number): void
    /** Returns the image of the flash, which may already be written to `target`. */
    flashLoad(target: Uint8Array): Uint8Array
    /** Stores the image. The VM calls `flashLoad` afterwards and continues with that content. */
    flashSave(image: Uint8Array): void
    /** Receives a Jacdac frame that the runtime sends. `frame` is valid during the call only. */
    frameSent(frame: Uint8Array): void
    socketOpen(host: string, port: number, tls: boolean): number
    socketWrite(bytes: Uint8Array): number
    socketClose(): void
    socketAvailable(): boolean
}

/** Event numbers for jd_tcpsock_on_event (JD_CONN_EV_*). */
export const SOCKET_EVENT = { open: 1, close: 2, error: 3, data: 4 } as const

/** Size of the longest Jacdac frame. */
const FRAME_BYTES = 252

interface MachineExports {
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
 * Creates an instance. V8 reserves 10 GB of addresses for each instance. A Linux process on x86-64 can hold about 13,000
 * instances (Node 20, all threads together), even with enough free memory.
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
            "This process has no address space for another VM. Run fewer boards in one process, or use more processes.",
            error
        )
    }
}

/**
 * One instance of the VM: a chip from one reset to the next. It replaces the Emscripten code of the bundle. The imports are
 * the same but use a {@link MachineHost}, so that each board has its own clock, random numbers, flash, log and socket.
 */
export class Machine {
    private readonly vm: MachineExports
    private readonly bytes: Uint8Array
    /** The memory of the VM as 32-bit words; the index is the address / 4. */
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
                // The runtime prints only through em_print_dmesg.
                fd_write: () => 0,
            },
        })
        this.vm = instance.exports as unknown as MachineExports
        this.bytes = new Uint8Array(this.vm.memory.buffer)
        this.words = new Uint32Array(this.vm.memory.buffer)
        this.vm.emscripten_stack_init()
        this.vm.__wasm_call_ctors()
    }

    /** Starts the runtime, which mounts the flash and starts its services. The program starts 1.1 s later. */
    init(deviceId: string, gcStress: boolean): void {
        // As app_main of the ESP32 port does: jd_seed_random(esp_random()). Zero would mean "not seeded".
        const seed = this.host.random(4)
        this.bytes.set(seed, LAYOUT.randomSeed)
        this.bytes[LAYOUT.randomSeed] = (seed[0] ?? 0) | 1
        this.withBytes(new TextEncoder().encode(`${deviceId}\0`), at =>
            this.vm.jd_em_set_device_id_string(at)
        )
        this.vm.jd_em_devs_enable_gc_stress(gcStress ? 1 : 0)
        this.vm.jd_em_init()
    }

    /** Runs everything that is due. @returns the time in ms until the next fiber is due */
    process(): number {
        const idleMs = this.vm.jd_em_process() / 1000
        // Without a program there are no fibers, but devsmgr may start a program soon.
        return this.context() === 0 ? 0 : idleMs
    }

    /** Returns the 32-bit word at an address. */
    word(at: number): number {
        return this.words[at / 4] as number
    }

    /** Returns the address of devs_ctx_t of the running program, or 0 when no program runs. */
    context(): number {
        const state = this.word(LAYOUT.managerState)
        return state === 0 ? 0 : this.word(state + LAYOUT.managerContext)
    }

    /** Returns a copy of the memory for {@link restore}. */
    memory(): Uint8Array {
        return this.bytes.slice()
    }

    /** Sets the memory to an earlier copy, and so the chip to its earlier state. Must not be called during a turn. */
    restore(memory: Uint8Array): void {
        this.bytes.set(memory)
    }

    /** Writes the program to the flash and starts it, as a deploy does (devsmgr_deploy). @throws VmError `deploy` */
    deploy(bytecode: Uint8Array): void {
        const code = this.withBytes(bytecode, at => this.vm.jd_em_devs_deploy(at, bytecode.length))
        if (code !== 0) {
            throw new VmError(
                "deploy",
                `The VM rejected the program (code ${code}). It is too large for the flash, or it is not bytecode.`
            )
        }
    }

    /** Passes a Jacdac frame with its CRC to the VM. @throws VmError `settings` */
    receiveFrame(frame: Uint8Array): void {
        const code = this.withBytes(frame, at => this.vm.jd_em_frame_received(at))
        if (code !== 0) throw new VmError("settings", `The VM rejected a frame (code ${code}).`)
    }

    /** Passes an event of the socket to the VM. @param event one of SOCKET_EVENT */
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
        const stop = (reason: "exit" | "abort") => {
            throw new MachineStop(reason)
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
                // The chip reads the real content of the flash, which differs after a torn write.
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
                    `The VM needs ${bytes} bytes of memory. Increase ARENA_SLACK_BYTES in tools/vm/runtime/cli-bundle.ts.`
                )
            },
            abort: () => stop("abort"),
            exit: () => stop("exit"),
        }
        return table as Record<string, (...args: number[]) => unknown>
    }
}
