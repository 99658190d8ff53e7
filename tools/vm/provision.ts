// Puts a program and settings into a flash the way a deploy does: through the
// VM's own manager and settings service, so that the image is what the device
// would have written.
import { DEFAULT_HEAP_BYTES } from "./bundle.js"
import { VmError } from "./errors.js"
import type { Flash } from "./flash.js"
import { commandFrame } from "./frame.js"
import { readProgram, storeEntries } from "./fstor.js"
import { Machine } from "./machine.js"

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
    onWorkbench(flash, machine => {
        for (const frame of frames) {
            machine.receiveFrame(frame)
            machine.process()
        }
    })
    const stored = storeEntries(flash)
    for (const [key, value] of Object.entries(settings)) {
        if (Buffer.from(stored.get(`:${key}`) ?? []).toString("utf8") !== JSON.stringify(value)) {
            throw new VmError("settings", `The setting ${key} was not stored: the flash has no room for it.`)
        }
    }
}

/** Stores the program that the board boots; does nothing when it is stored already. */
export function writeProgram(flash: Flash, bytecode: Uint8Array): void {
    const stored = readProgram(flash)
    if (stored && Buffer.compare(stored, bytecode) === 0) return
    onWorkbench(flash, machine => machine.deploy(bytecode))
}

/** Runs the VM over `flash` without giving a program the time to start. */
function onWorkbench(flash: Flash, work: (machine: Machine) => void): void {
    const machine = new Machine(
        {
            flashBytes: flash.bytes,
            nowMs: () => 1,
            random: count => new Uint8Array(count).fill(1),
            dmesg: () => undefined,
            panic: () => undefined,
            flashLoad: () => flash.load(),
            flashSave: image => void flash.save(image),
            frameSent: () => undefined,
            socketOpen: () => -1,
            socketWrite: () => -1,
            socketClose: () => undefined,
            socketAvailable: () => false,
        },
        DEFAULT_HEAP_BYTES
    )
    machine.init(WORKBENCH_ID, false)
    work(machine)
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
    const payload = Buffer.from(`${key}\0${json}`, "utf8")
    if (payload.length > MAX_SETTING_BYTES) {
        const over = payload.length - MAX_SETTING_BYTES
        throw new VmError(
            "settings",
            `The setting ${key} is ${over} bytes too long: reading it would reset the board.`
        )
    }
    return commandFrame(WORKBENCH_ID, SETTINGS_SERVICE, SETTINGS_SET, payload)
}
