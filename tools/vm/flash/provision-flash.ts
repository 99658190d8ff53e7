// Writes a program and settings into a flash as a deploy does: with the manager and the settings service of the VM. The
// image is therefore the same as one that a board has written.
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

const PROVISIONING_ID = "fe00000000000000"
/** Number of the settings service, as app_init_services assigns it. */
const SETTINGS_SERVICE = 4
/** JD_SETTINGS_CMD_SET. The payload is the key, a zero byte and the value. */
const SETTINGS_SET = 0x81

/** MAX_KEY_SIZE in packages/settings/src/api.ts. */
const MAX_KEY_CHARS = 13
/** Maximum size of key, zero byte and value. The next read of a larger setting resets the board (runtime-facts.md, D1). */
const MAX_SETTING_BYTES = 232

/**
 * Writes settings as `devs bundle` and `devs devtools` deploy them: each value as JSON under its key. A value that the
 * flash already contains is not written again.
 * @throws VmError `settings` when a key or a value is not valid, or the flash is full
 */
export function writeSettings(flash: Flash, settings: Record<string, unknown>): void {
    const frames = Object.entries(settings).map(([key, value]) => settingFrame(key, value))
    if (frames.length === 0) return
    sendFrames(flash, frames)
    const stored = storeEntries(flash)
    for (const [key, value] of Object.entries(settings)) {
        if (Buffer.from(stored.get(`:${key}`) ?? []).toString("utf8") !== JSON.stringify(value)) {
            throw new VmError("settings", `The setting ${key} was not stored, because the flash is full.`)
        }
    }
}

/** Limits of the chip (esp_wifi) less one byte, which strlcpy of the runtime needs for its zero byte (devicescript-esp32, wifi_impl.c). */
const MAX_SSID_BYTES = 31
const MAX_PSK_BYTES = 63
/** Shortest passphrase of WPA2. */
const MIN_PSK_BYTES = 8

/** Returns why a board cannot join a network, without the secret in the text, or undefined when it can. */
export function validateNetwork({ ssid, psk }: WifiNetwork): string | undefined {
    const ssidBytes = Buffer.byteLength(ssid)
    if (ssidBytes === 0 || ssidBytes > MAX_SSID_BYTES || ssid.includes("\0"))
        return `an SSID must have 1 to ${MAX_SSID_BYTES} bytes and no zero byte; this one has ${ssidBytes} bytes`
    if (psk === undefined) return undefined
    const pskBytes = Buffer.byteLength(psk)
    if (pskBytes < MIN_PSK_BYTES || pskBytes > MAX_PSK_BYTES || psk.includes("\0"))
        return `a Wi-Fi password must have ${MIN_PSK_BYTES} to ${MAX_PSK_BYTES} bytes and no zero byte; this one has ${pskBytes} bytes`
    return undefined
}

/**
 * Writes a Wi-Fi network as the Wi-Fi service of the runtime does (wifi.c, ADD_NETWORK). The VM has no such service.
 * Its settings service writes the two entries, and their keys are then changed to those of the Wi-Fi service.
 * @throws VmError `settings` when a board cannot join the network, or the flash is full
 */
export function writeNetwork(flash: Flash, network: WifiNetwork): void {
    const issue = validateNetwork(network)
    if (issue !== undefined) throw new VmError("settings", `The board cannot join this network: ${issue}.`)
    const { ssid, psk = "" } = network
    const value = (text: string) => Buffer.from(text, "utf8")
    sendFrames(flash, [setFrame(WIFI_KEYS.ssid, value(ssid)), setFrame(WIFI_KEYS.psk, value(psk))])
    renameEntries(flash, { [`:${WIFI_KEYS.ssid}`]: WIFI_KEYS.ssid, [`:${WIFI_KEYS.psk}`]: WIFI_KEYS.psk })
    const stored = readNetwork(flash)
    if (stored?.ssid !== network.ssid || stored.psk !== network.psk)
        throw new VmError("settings", "The network was not stored, because the flash is full.")
}

/** Writes the program that the board boots. Does nothing when the flash already contains the program. */
export function writeProgram(flash: Flash, bytecode: Uint8Array): void {
    const stored = readProgram(flash)
    if (stored && Buffer.compare(stored, bytecode) === 0) return
    withMachine(flash, machine => machine.deploy(bytecode))
}

const programmedFlashes = new WeakMap<Uint8Array, Map<number, MemoryFlash>>()

/**
 * Returns a new flash in memory that contains only the program. The program is written once for each array `bytecode`
 * (the same array, not an equal one), so that a whole fleet shares the pages.
 */
export function programmedFlash(bytecode: Uint8Array, pageCount = ESP32_FSTOR_PAGES): MemoryFlash {
    const bySize = programmedFlashes.get(bytecode) ?? new Map<number, MemoryFlash>()
    programmedFlashes.set(bytecode, bySize)
    let flash = bySize.get(pageCount)
    if (!flash) {
        flash = memoryFlash(pageCount)
        writeProgram(flash, bytecode)
        bySize.set(pageCount, flash)
    }
    return flash.clone()
}

/** A VM that runs no program. It writes to one flash at a time. */
interface ProvisioningBoard {
    machine: Machine
    /** Memory of the VM at power-on. */
    blank: Uint8Array
    /** Image of the flash that is written now. */
    image: Uint8Array
}

/** By flash size. They are reused, because new memory takes twenty times as long as the writes. */
const provisioningBoards = new Map<number, ProvisioningBoard>()

function provisioningBoard(flashBytes: number): ProvisioningBoard {
    const found = provisioningBoards.get(flashBytes)
    if (found) return found
    const machine = new Machine(
        {
            flashBytes,
            nowMs: () => 1,
            random: count => new Uint8Array(count).fill(1),
            dmesg: () => undefined,
            panic: () => undefined,
            flashLoad: () => board.image,
            flashSave: image => {
                board.image = image
            },
            frameSent: () => undefined,
            socketOpen: () => -1,
            socketWrite: () => -1,
            socketClose: () => undefined,
            socketAvailable: () => false,
        },
        DEFAULT_HEAP_BYTES
    )
    const board: ProvisioningBoard = { machine, blank: machine.memory(), image: new Uint8Array() }
    provisioningBoards.set(flashBytes, board)
    return board
}

/** Runs `work` on a VM with the image of `flash`. The VM is not run long enough for a program to start. */
function withMachine(flash: Flash, work: (machine: Machine) => void): void {
    const board = provisioningBoard(flash.bytes)
    const { machine, blank } = board
    board.image = flash.load()
    machine.restore(blank)
    machine.init(PROVISIONING_ID, false)
    try {
        work(machine)
    } finally {
        flash.save(board.image)
    }
}

function sendFrames(flash: Flash, frames: Uint8Array[]): void {
    withMachine(flash, machine => {
        for (const frame of frames) {
            machine.receiveFrame(frame)
            machine.process()
        }
    })
}

function setFrame(key: string, value: Uint8Array): Uint8Array {
    const payload = Buffer.concat([Buffer.from(`${key}\0`, "latin1"), value])
    return commandFrame({
        deviceId: PROVISIONING_ID,
        service: SETTINGS_SERVICE,
        command: SETTINGS_SET,
        payload,
    })
}

function settingFrame(key: string, value: unknown): Uint8Array {
    const json = JSON.stringify(value)
    if (json === undefined) throw new VmError("settings", `The setting ${key} cannot be written as JSON.`)
    if (!/^[\x21-\x7e]+$/.test(key) || key.length > MAX_KEY_CHARS) {
        throw new VmError(
            "settings",
            `"${key}" is not a valid key of a setting: use 1 to ${MAX_KEY_CHARS} printable characters without spaces.`
        )
    }
    const bytes = Buffer.from(json, "utf8")
    const excessBytes = key.length + 1 + bytes.length - MAX_SETTING_BYTES
    if (excessBytes > 0) {
        throw new VmError(
            "settings",
            `The setting ${key} is ${excessBytes} bytes too long. The board would reset when it reads the setting.`
        )
    }
    return setFrame(key, bytes)
}
