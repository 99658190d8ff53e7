// What a person can do to the board: keys on a terminal, words in a script.
import { type DevBoard, HOLD_MS, PRESS_MS } from "@moorage/fleet/devboard"

export interface BoardCommand {
    name: string
    /** For what can be on or off; turned over unless given. */
    isOn?: boolean
}

interface KeyBinding {
    key: string
    word: string
    what: string
    /** Whether the word takes `on` or `off`. */
    switches?: boolean
}

const KNOWN: KeyBinding[] = [
    { key: "p", word: "power", what: "power on or off", switches: true },
    { key: "r", word: "reset", what: "the reset button" },
    { key: "b", word: "button", what: "press the button" },
    { key: "B", word: "hold", what: "hold the button for 5 s: the board registers anew" },
    { key: "w", word: "wifi", what: "Wi-Fi off or on", switches: true },
    { key: "f", word: "flash", what: "what is in flash, without its secrets" },
    { key: "t", word: "tear", what: "power fails inside the next write to flash" },
    { key: "e", word: "erase", what: "erase the flash, and flash the board anew" },
    { key: "s", word: "status", what: "the status, as a line of the log" },
    { key: "h", word: "help", what: "this" },
    { key: "q", word: "quit", what: "quit" },
]

/** Ctrl-C and Ctrl-D come as these when the terminal does not handle them. */
const MORE_KEYS: Record<string, string> = { "?": "help", "\x03": "quit", "\x04": "quit" }

/** The act of a key, if it has one. */
export function commandOfKey(key: string): BoardCommand | undefined {
    const name = KNOWN.find(known => known.key === key)?.word ?? MORE_KEYS[key]
    return name === undefined ? undefined : { name }
}

/** The act of a line: a word, and `on` or `off` after some. */
export function commandOfLine(line: string): BoardCommand | undefined {
    const found = /^(\w+)(?:\s+(on|off))?$/.exec(line.trim())
    const known = found && KNOWN.find(({ word }) => word === found[1])
    if (!known || (found[2] !== undefined && !known.switches)) return undefined
    return { name: known.word, isOn: found[2] === undefined ? undefined : found[2] === "on" }
}

export const WORDS = KNOWN.map(({ word }) => word).join(", ")
export const KEYS = KNOWN.map(({ key, word }) => `${key} ${word}`)

/** A line for each key and word. */
export function helpLines(): string[] {
    return KNOWN.map(({ key, word, what }) => `${key}  ${word.padEnd(7)} ${what}`)
}

/** Does what is to be done to the board; whether it was that. */
export function execute(desk: DevBoard, { name, isOn }: BoardCommand): boolean {
    const does: Record<string, () => void> = {
        power: () => desk.setPower(isOn),
        reset: () => desk.reset(),
        button: () => desk.press(PRESS_MS),
        hold: () => desk.press(HOLD_MS),
        wifi: () => desk.setWifi(isOn),
        flash: () => desk.showFlash(),
        tear: () => desk.tearNextWrite(),
        erase: () => desk.erase(),
    }
    does[name]?.()
    return name in does
}
