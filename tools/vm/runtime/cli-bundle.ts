// Everything that is known about the insides of @devicescript/cli's bundle: where
// its VM (a WebAssembly module) lies, what is patched in it, and where in its
// memory the runtime keeps what the board reads. The bytes are checked against
// one hash, so each number below is either right or the load fails.
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { VmError } from "../vm-error.js"

/** The one version of the bundle that the numbers below belong to. */
export const CLI_VERSION = "2.16.4"

const WASM_SHA256 = "a56742b09dd4bfe278815676ac94231ed4f8995cee6260818f5d758d8ab6ee1d"
const WRAPPER_MARKER = '"runtime/devicescript-vm/built/devicescript-vm.js"(exports, module2)'
const BASE64_MARKER = 'wasmBinaryFile = "data:application/octet-stream;base64,'

const PAGE_BYTES = 65536
/** Where malloc's arena begins: static data, then the C stack, lie below. */
const ARENA_START = 101_344
/** Room for malloc beside flash and GC heap: the image while it is deployed, VM context, messages. */
const ARENA_SLACK_BYTES = 3 * PAGE_BYTES

/** The heap that the bundle's VM has: JD_GC_KB = 64. */
export const DEFAULT_HEAP_BYTES = 65_536
const GC_STRUCT_BYTES = 24
/** Below this devs_gc_add_chunk asserts, and no program starts anyway. */
const MIN_HEAP_BYTES = 1024

/** Addresses in the VM's memory, and offsets in its structs. */
export const LAYOUT = {
    /** devsmgr.c `_state`: pointer to the manager's state, which has `ctx` at +28. */
    managerState: 32_872,
    managerContext: 28,
    /** devs_ctx_t.fibers, of which the first is pointed to; its clock in ms; its heap. */
    contextFibers: 240,
    contextNowMs: 256,
    contextGc: 288,
    /** devs_fiber_t: next comes first; 0 is "sleeps until another wakes it". */
    fiberWakeMs: 24,
    /** routing.c `jd_devices`: pointer to the first device on the bus, which is the board itself. */
    devices: 33_808,
    /** jd_device_t: next comes first; microseconds at which it is forgotten. */
    deviceExpires: 28,
    /** devs_gc_t: first_free, first_chunk, num_alloc, gc_threshold, curr_alloc, ctx. */
    gcFirstChunk: 4,
    gcAllocations: 8,
    gcStructBytes: GC_STRUCT_BYTES,
    /** chunk_t: next, end, then the blocks. */
    chunkEnd: 4,
    chunkBlocks: 8,
    /** jd_util.c `seed` of Math.random. */
    randomSeed: 35_008,
} as const

/** A block's header word in the GC heap: tag in the top byte, size in words below (gc_alloc.c). */
export const BLOCK = { tagShift: 24, sizeMask: 0xffffff, free: 0x01, final: 0x4f } as const

interface Patch {
    what: string
    at: number
    was: number
    to: number
}

function heapPatches(heapBytes: number): Patch[] {
    return [
        {
            what: "devs_gc_create: bytes allocated",
            at: 28_264,
            was: DEFAULT_HEAP_BYTES + GC_STRUCT_BYTES,
            to: heapBytes + GC_STRUCT_BYTES,
        },
        { what: "devs_gc_create: bytes used", at: 28_277, was: DEFAULT_HEAP_BYTES, to: heapBytes },
    ]
}

/**
 * How long the VM may say that nothing is due. Its housekeeping (it announces itself each 500 ms, and forgets a
 * device that was silent for 2 s) allows no more than a second; sleep.ts knows when it may be longer.
 */
export const VM_SLEEP_MAX_MS = 1000
/** client/routing.c, EXPIRES_USEC: the runtime forgets a device that was silent for so long. */
export const DEVICE_EXPIRES_MS = 2000

// The board decides itself how often it wakes (board.ts): the VM must tell it how long nothing is due instead of
// "at most 10 ms", and "at most 100 ms" while no fiber is due.
const sleepPatches: Patch[] = [
    { what: "jd_process_everything: longest sleep", at: 170_127, was: 10_000, to: 1000 * VM_SLEEP_MAX_MS },
    {
        what: "devs_fiber_get_max_sleep: sleep without a fiber",
        at: 22_166,
        was: 100_000,
        to: 1000 * VM_SLEEP_MAX_MS,
    },
    { what: "devs_fiber_get_max_sleep: longest sleep", at: 22_181, was: 100, to: VM_SLEEP_MAX_MS },
]

/** Signed LEB128 in exactly `length` bytes, as wasm's i32.const takes it. */
function signedLeb(value: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) {
        bytes[i] = ((value >> (7 * i)) & 0x7f) | (i < length - 1 ? 0x80 : 0)
    }
    return bytes
}

function applyPatch(wasm: Uint8Array, patch: Patch): void {
    const was = signedLeb(patch.was, patch.was < 8192 ? 2 : 3)
    const at = Buffer.from(wasm.buffer, wasm.byteOffset + patch.at, was.length)
    if (!at.equals(was)) throw new VmError("bundle", `Patch "${patch.what}" does not fit the VM's code.`)
    wasm.set(signedLeb(patch.to, was.length), patch.at)
}

/** The memory section holds min = max = 256 pages (16 MB); thousands of boards want what they use. */
function limitMemory(wasm: Uint8Array, pages: number): void {
    const section = [0x05, 0x06, 0x01, 0x01, 0x80, 0x02, 0x80, 0x02]
    const at = 1730
    if (!section.every((byte, i) => wasm[at + i] === byte)) {
        throw new VmError("bundle", "The VM's memory section is not where it was.")
    }
    const leb = signedLeb(pages, 2)
    wasm.set(leb, at + 4)
    wasm.set(leb, at + 6)
}

let original: Uint8Array | undefined

/** The VM as it lies in the bundle, checked. */
function loadWasm(): Uint8Array {
    if (original) return original
    const file = createRequire(import.meta.url).resolve("@devicescript/cli/built/devicescript-cli.cjs")
    original = extractWasm(readFileSync(file, "latin1"), file)
    return original
}

/** Cuts the VM out of the bundle's text; throws a {@link VmError} `bundle` when it is not the known one. */
export function extractWasm(bundle: string, file: string): Uint8Array {
    const next = `Install @devicescript/cli ${CLI_VERSION} exactly, or revise tools/vm/runtime/cli-bundle.ts for the new one.`
    const wrapper = bundle.indexOf(WRAPPER_MARKER)
    const marker = bundle.indexOf(BASE64_MARKER, wrapper)
    const start = marker + BASE64_MARKER.length
    const end = bundle.indexOf('"', start)
    if (wrapper < 0 || marker < 0 || end < 0) {
        throw new VmError("bundle", `No DeviceScript VM found in ${file}. ${next}`)
    }
    const wasm = new Uint8Array(Buffer.from(bundle.slice(start, end), "base64"))
    const hash = createHash("sha256").update(wasm).digest("hex")
    if (hash !== WASM_SHA256) {
        throw new VmError("bundle", `The DeviceScript VM in ${file} is not that of ${CLI_VERSION}. ${next}`)
    }
    return wasm
}

const compiled = new Map<string, WebAssembly.Module>()

/**
 * The VM compiled for a GC heap of `heapBytes` (JD_GC_KB: 64 on ESP32, C3 and
 * S3, 40 on S2) and a flash store of `flashBytes`; compiled once for each pair.
 */
export function vmModule(heapBytes: number, flashBytes: number): WebAssembly.Module {
    if (!Number.isInteger(heapBytes) || heapBytes < MIN_HEAP_BYTES || heapBytes > DEFAULT_HEAP_BYTES) {
        throw new VmError(
            "memory",
            `A heap is ${MIN_HEAP_BYTES} to ${DEFAULT_HEAP_BYTES} bytes, not ${heapBytes}.`
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
