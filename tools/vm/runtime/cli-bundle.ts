// All facts about the internals of the bundle of @devicescript/cli: the location of the VM (a WebAssembly module), the
// patches for it, and the addresses of the runtime's data in its memory. A hash of the VM guarantees that every number
// below is correct: another VM is rejected.
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { VmError } from "../vm-error.js"

/** The version of the bundle for which the numbers below are valid. */
export const CLI_VERSION = "2.16.4"

const WASM_SHA256 = "a56742b09dd4bfe278815676ac94231ed4f8995cee6260818f5d758d8ab6ee1d"
const WRAPPER_MARKER = '"runtime/devicescript-vm/built/devicescript-vm.js"(exports, module2)'
const BASE64_MARKER = 'wasmBinaryFile = "data:application/octet-stream;base64,'

const PAGE_BYTES = 65536
/** Start of the memory of malloc. Static data and the C stack are below. */
const ARENA_START = 101_344
/** Memory of malloc in addition to flash and GC heap: the image during a deploy, the VM context, messages. */
const ARENA_SLACK_BYTES = 3 * PAGE_BYTES

/** GC heap of the unpatched VM (JD_GC_KB = 64). */
export const DEFAULT_HEAP_BYTES = 65_536
const GC_STRUCT_BYTES = 24
/** devs_gc_add_chunk asserts a minimum, and no program starts with less than this. */
const MIN_HEAP_BYTES = 1024

/** Addresses in the memory of the VM, and offsets in its structs. */
export const LAYOUT = {
    /** devsmgr.c `_state`: pointer to the state of the manager. `managerContext` is the offset of its field `ctx`. */
    managerState: 32_872,
    managerContext: 28,
    /** devs_ctx_t: pointer to the first fiber, clock in ms, heap. */
    contextFibers: 240,
    contextNowMs: 256,
    contextGc: 288,
    /** devs_fiber_t: the pointer to the next fiber is at 0. Wake time 0 means that another fiber wakes this one. */
    fiberWakeMs: 24,
    /** routing.c `jd_devices`: pointer to the first device on the bus, the board itself. */
    devices: 33_808,
    /** jd_device_t: the pointer to the next device is at 0. This is the time in microseconds at which the device expires. */
    deviceExpires: 28,
    /** devs_gc_t: first_free, first_chunk, num_alloc, gc_threshold, curr_alloc, ctx. */
    gcFirstChunk: 4,
    gcAllocations: 8,
    gcStructBytes: GC_STRUCT_BYTES,
    /** chunk_t: next, end, then the blocks. */
    chunkEnd: 4,
    chunkBlocks: 8,
    /** jd_util.c `seed`: state of Math.random. */
    randomSeed: 35_008,
} as const

/** Header word of a block in the GC heap: the tag in the top byte, the size in words below (gc_alloc.c). */
export const BLOCK = { tagShift: 24, sizeMask: 0xffffff, free: 0x01, final: 0x4f } as const

/** Replaces the constant `from` by `to` at an offset in the module. */
interface Patch {
    name: string
    offset: number
    from: number
    to: number
}

function heapPatches(heapBytes: number): Patch[] {
    return [
        {
            name: "devs_gc_create: bytes allocated",
            offset: 28_264,
            from: DEFAULT_HEAP_BYTES + GC_STRUCT_BYTES,
            to: heapBytes + GC_STRUCT_BYTES,
        },
        { name: "devs_gc_create: bytes used", offset: 28_277, from: DEFAULT_HEAP_BYTES, to: heapBytes },
    ]
}

/**
 * Longest idle time that the VM may report. Its own work (an announcement every 500 ms, removal of devices that were
 * silent for 2 s) allows one second. board-sleep.ts decides when a board can sleep longer.
 */
export const VM_SLEEP_MAX_MS = 1000
/** Time after which the runtime removes a silent device (client/routing.c, EXPIRES_USEC). */
export const DEVICE_EXPIRES_MS = 2000

// board.ts decides when a board wakes. The VM must therefore report the real idle time. Unpatched, it reports at most 10 ms,
// and at most 100 ms while no fiber is due.
const sleepPatches: Patch[] = [
    {
        name: "jd_process_everything: longest sleep",
        offset: 170_127,
        from: 10_000,
        to: 1000 * VM_SLEEP_MAX_MS,
    },
    {
        name: "devs_fiber_get_max_sleep: sleep without a fiber",
        offset: 22_166,
        from: 100_000,
        to: 1000 * VM_SLEEP_MAX_MS,
    },
    { name: "devs_fiber_get_max_sleep: longest sleep", offset: 22_181, from: 100, to: VM_SLEEP_MAX_MS },
]

/** Encodes a number as signed LEB128 in exactly `length` bytes, as i32.const of WebAssembly requires. */
function signedLeb(value: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) {
        bytes[i] = ((value >> (7 * i)) & 0x7f) | (i < length - 1 ? 0x80 : 0)
    }
    return bytes
}

function applyPatch(wasm: Uint8Array, patch: Patch): void {
    const expected = signedLeb(patch.from, patch.from < 8192 ? 2 : 3)
    const found = Buffer.from(wasm.buffer, wasm.byteOffset + patch.offset, expected.length)
    if (!found.equals(expected))
        throw new VmError("bundle", `Patch "${patch.name}" does not match the code of the VM.`)
    wasm.set(signedLeb(patch.to, expected.length), patch.offset)
}

/** Sets the memory size. The original has min = max = 256 pages (16 MB), which is too much for thousands of boards. */
function limitMemory(wasm: Uint8Array, pages: number): void {
    const section = [0x05, 0x06, 0x01, 0x01, 0x80, 0x02, 0x80, 0x02]
    const offset = 1730
    if (!section.every((byte, i) => wasm[offset + i] === byte)) {
        throw new VmError("bundle", "The memory section of the VM is not at the expected offset.")
    }
    const leb = signedLeb(pages, 2)
    wasm.set(leb, offset + 4)
    wasm.set(leb, offset + 6)
}

let original: Uint8Array | undefined

/** Returns the unpatched VM of the installed bundle. */
function loadWasm(): Uint8Array {
    if (original) return original
    const file = createRequire(import.meta.url).resolve("@devicescript/cli/built/devicescript-cli.cjs")
    original = extractWasm(readFileSync(file, "latin1"), file)
    return original
}

/**
 * Extracts the VM from the text of the bundle.
 * @throws VmError `bundle` when the VM is missing or has another hash
 */
export function extractWasm(bundle: string, file: string): Uint8Array {
    const cure = `Install exactly @devicescript/cli ${CLI_VERSION}, or update tools/vm/runtime/cli-bundle.ts for the new version.`
    const wrapper = bundle.indexOf(WRAPPER_MARKER)
    const marker = bundle.indexOf(BASE64_MARKER, wrapper)
    const start = marker + BASE64_MARKER.length
    const end = bundle.indexOf('"', start)
    if (wrapper < 0 || marker < 0 || end < 0) {
        throw new VmError("bundle", `No DeviceScript VM found in ${file}. ${cure}`)
    }
    const wasm = new Uint8Array(Buffer.from(bundle.slice(start, end), "base64"))
    const hash = createHash("sha256").update(wasm).digest("hex")
    if (hash !== WASM_SHA256) {
        throw new VmError(
            "bundle",
            `The DeviceScript VM in ${file} does not belong to version ${CLI_VERSION}. ${cure}`
        )
    }
    return wasm
}

const compiled = new Map<string, WebAssembly.Module>()

/**
 * Returns the compiled VM for a GC heap of `heapBytes` (JD_GC_KB: 64 on ESP32, C3 and S3, 40 on S2) and a flash of
 * `flashBytes`. The VM is compiled once for each pair.
 * @throws VmError `memory` when the heap size is not supported; VmError `bundle`
 */
export function vmModule(heapBytes: number, flashBytes: number): WebAssembly.Module {
    if (!Number.isInteger(heapBytes) || heapBytes < MIN_HEAP_BYTES || heapBytes > DEFAULT_HEAP_BYTES) {
        throw new VmError(
            "memory",
            `heapBytes is ${heapBytes} and must be an integer from ${MIN_HEAP_BYTES} to ${DEFAULT_HEAP_BYTES}.`
        )
    }
    const needed = ARENA_START + flashBytes + heapBytes + ARENA_SLACK_BYTES
    const pages = Math.ceil(needed / PAGE_BYTES)
    const key = `${heapBytes}/${pages}`
    let module = compiled.get(key)
    if (!module) {
        const wasm = loadWasm().slice()
        for (const patch of [...heapPatches(heapBytes), ...sleepPatches]) applyPatch(wasm, patch)
        limitMemory(wasm, pages)
        module = new WebAssembly.Module(wasm)
        compiled.set(key, module)
    }
    return module
}
