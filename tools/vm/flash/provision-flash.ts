// Puts a program and settings into a flash the way a deploy does: through the
// VM's own manager and settings service, so that the image is what the device
// would have written.
import { DEFAULT_HEAP_BYTES } from "../runtime/cli-bundle.js"
import { VmError } from "../vm-error.js"
import { ESP32_FSTOR_PAGES, type Flash, type MemoryFlash, memoryFlash } from "./flash-memory.js"
import { commandFrame } from "../runtime/jacdac-frame.js"
import {
    readNetwork,
    readProgram,
    renameEntries,
    storeEntries,
    WIFI_KEYS,
    type WifiNetwork,
} from "./settings-partition.js"
import { Machine } from "../runtime/machine.js"

const WORKBENCH_ID = "fe00000000000000"
/** Service number that app_init_services gives the settings service. */
const SETTINGS_SERVICE = 4
/** JD_SETTINGS_CMD_SET: key, a zero byte, value. */
const SETTINGS_SET = 0x81

/** packages/settings/src/api.ts, MAX_KEY_SIZE. */
const MAX_KEY_CHARS = 13
/** Beyond this the next read of the setting resets the board (facts, D1). */
export const MAX_SETTING_BYTES = 232

/**
 * Writes settings as `devs bundle` and `devs devtools` deploy them: each value as
 * JSON under its key. Values that are there already are not rewritten.
 */
export function writeSettings(flash: Flash, settings: Record<string, unknown>): void {
    const frames = Object.entries(settings).map(([key, value]) => settingFrame(key, value))
    if (frames.length === 0) return
    sendFrames(flash, frames)
    const stored = storeEntries(flash)
    for (const [key, value] of Object.entries(settings)) {
        if (Buffer.from(stored.get(`:${key}`) ?? []).toString("utf8") !== JSON.stringify(value)) {
            throw new VmError("settings", `The setting ${key} was not stored: the flash has no room for it.`)
        }
    }
}

/** The chip's own limits (esp_wifi): one byte each is lost to the runtime's strlcpy (devicescript-esp32, wifi_impl.c). */
const MAX_SSID_BYTES = 31
const MAX_PSK_BYTES = 63
/** WPA2 takes no shorter passphrase. */
const MIN_PSK_BYTES = 8

/** What is wrong with a network, without its secret; undefined when a board can join it. */
export function validateNetwork({ ssid, psk }: WifiNetwork): string | undefined {
    const ssidBytes = Buffer.byteLength(ssid)
    if (ssidBytes === 0 || ssidBytes > MAX_SSID_BYTES || ssid.includes("\0"))
        return `an SSID has 1 to ${MAX_SSID_BYTES} bytes, not ${ssidBytes}`
    if (psk === undefined) return undefined
    const pskBytes = Buffer.byteLength(psk)
    if (pskBytes < MIN_PSK_BYTES || pskBytes > MAX_PSK_BYTES || psk.includes("\0"))
        return `a Wi-Fi password has ${MIN_PSK_BYTES} to ${MAX_PSK_BYTES} bytes, not ${pskBytes}`
    return undefined
}

/**
 * Makes a network known to the runtime, as its Wi-Fi service does when told of one (wifi.c, ADD_NETWORK). This VM has
 * no such service: its settings service writes the two entries, under keys that are then made the runtime's.
 */
export function writeNetwork(flash: Flash, network: WifiNetwork): void {
    const mistake = validateNetwork(network)
    if (mistake !== undefined)
        throw new VmError("settings", `The board cannot join that network: ${mistake}.`)
    const { ssid, psk = "" } = network
    const value = (text: string) => Buffer.from(text, "utf8")
    sendFrames(flash, [setFrame(WIFI_KEYS.ssid, value(ssid)), setFrame(WIFI_KEYS.psk, value(psk))])
    renameEntries(flash, { [`:${WIFI_KEYS.ssid}`]: WIFI_KEYS.ssid, [`:${WIFI_KEYS.psk}`]: WIFI_KEYS.psk })
    const stored = readNetwork(flash)
    if (stored?.ssid !== network.ssid || stored.psk !== network.psk)
        throw new VmError("settings", "The network was not stored: the flash has no room for it.")
}

/** Stores the program that the board boots; does nothing when it is stored already. */
export function writeProgram(flash: Flash, bytecode: Uint8Array): void {
    const stored = readProgram(flash)
    if (stored && Buffer.compare(stored, bytecode) === 0) return
    onWorkbench(flash, machine => machine.deploy(bytecode))
}

const programmed = new WeakMap<Uint8Array, Map<number, MemoryFlash>>()

/**
 * A flash in memory that holds the program and is blank beyond that; the caller's own. It is written once for each
 * `bytecode` (the same array, not an equal one), so a whole fleet shares its pages.
 */
export function programmedFlash(bytecode: Uint8Array, pageCount = ESP32_FSTOR_PAGES): MemoryFlash {
    const bySize = programmed.get(bytecode) ?? new Map<number, MemoryFlash>()
    programmed.set(bytecode, bySize)
    let flash = bySize.get(pageCount)
    if (!flash) {
        flash = memoryFlash(pageCount)
        writeProgram(flash, bytecode)
        bySize.set(pageCount, flash)
    }
    return flash.clone()
}

/** A VM that never runs a program, for the work on one flash after the other. */
interface ProvisioningBoard {
    machine: Machine
    /** Its memory at power-on. */
    blank: Uint8Array
    /** The flash in work. */
    image: Uint8Array
}

/** By size of flash. Kept, because fresh memory costs twenty times what the work in it does. */
const workbenches = new Map<number, ProvisioningBoard>()

function workbenchFor(flashBytes: number): ProvisioningBoard {
    const found = workbenches.get(flashBytes)
    if (found) return found
    const machine = new Machine(
        {
            flashBytes,
            nowMs: () => 1,
            random: count => new Uint8Array(count).fill(1),
            dmesg: () => undefined,
            panic: () => undefined,
            flashLoad: () => workbench.image,
            flashSave: image => {
                workbench.image = image
            },
            frameSent: () => undefined,
            socketOpen: () => -1,
            socketWrite: () => -1,
            socketClose: () => undefined,
            socketAvailable: () => false,
        },
        DEFAULT_HEAP_BYTES
    )
    const workbench: ProvisioningBoard = { machine, blank: machine.memory(), image: new Uint8Array() }
    workbenches.set(flashBytes, workbench)
    return workbench
}

/** Runs the VM over `flash` without giving a program the time to start. */
function onWorkbench(flash: Flash, work: (machine: Machine) => void): void {
    const workbench = workbenchFor(flash.bytes)
    const { machine, blank } = workbench
    workbench.image = flash.load()
    machine.restore(blank)
    machine.init(WORKBENCH_ID, false)
    try {
        work(machine)
    } finally {
        flash.save(workbench.image)
    }
}

function sendFrames(flash: Flash, frames: Uint8Array[]): void {
    onWorkbench(flash, machine => {
        for (const frame of frames) {
            machine.receiveFrame(frame)
            machine.process()
        }
    })
}

function setFrame(key: string, value: Uint8Array): Uint8Array {
    const payload = Buffer.concat([Buffer.from(`${key}\0`, "latin1"), value])
    return commandFrame(WORKBENCH_ID, SETTINGS_SERVICE, SETTINGS_SET, payload)
}

function settingFrame(key: string, value: unknown): Uint8Array {
    const json = JSON.stringify(value)
    if (json === undefined) throw new VmError("settings", `The setting ${key} has no JSON form.`)
    if (!/^[\x21-\x7e]+$/.test(key) || key.length > MAX_KEY_CHARS) {
        throw new VmError(
            "settings",
            `"${key}" is no setting's key: 1 to ${MAX_KEY_CHARS} printable characters.`
        )
    }
    const bytes = Buffer.from(json, "utf8")
    const over = key.length + 1 + bytes.length - MAX_SETTING_BYTES
    if (over > 0) {
        throw new VmError(
            "settings",
            `The setting ${key} is ${over} bytes too long: reading it would reset the board.`
        )
    }
    return setFrame(key, bytes)
}
