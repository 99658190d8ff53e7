// The commands of `moorage board`: single keys on a terminal, otherwise words.
import { type DevBoard, HOLD_MS, PRESS_MS } from "@moorage/fleet/devboard"

export interface BoardCommand {
    name: string
    /** New state of a switch; undefined toggles it. */
    isOn?: boolean
}

interface KeyBinding {
    key: string
    word: string
    help: string
    /** Whether the word accepts `on` or `off`. */
    isSwitch?: boolean
}

const KEY_BINDINGS: KeyBinding[] = [
    { key: "p", word: "power", help: "power on or off", isSwitch: true },
    { key: "r", word: "reset", help: "press the reset button" },
    { key: "b", word: "button", help: "press the button" },
    { key: "B", word: "hold", help: "hold the button for 5 s: the board reprovisions" },
    { key: "w", word: "wifi", help: "Wi-Fi off or on", isSwitch: true },
    { key: "f", word: "flash", help: "show the flash contents, without secrets" },
    { key: "t", word: "tear", help: "cut the power during the next flash write" },
    { key: "e", word: "erase", help: "erase the flash and flash the board again" },
    { key: "s", word: "status", help: "print the status" },
    { key: "h", word: "help", help: "show this list" },
    { key: "q", word: "quit", help: "quit" },
]

/** Raw mode delivers Ctrl-C and Ctrl-D as keys. */
const ADDITIONAL_KEYS: Record<string, string> = { "?": "help", "\x03": "quit", "\x04": "quit" }

/** Returns the command of a key; undefined for an unknown key. */
export function commandOfKey(key: string): BoardCommand | undefined {
    const name = KEY_BINDINGS.find(binding => binding.key === key)?.word ?? ADDITIONAL_KEYS[key]
    return name === undefined ? undefined : { name }
}

/** Returns the command of a line, such as `reset` or `power off`; undefined for an invalid line. */
export function commandOfLine(line: string): BoardCommand | undefined {
    const match = /^(\w+)(?:\s+(on|off))?$/.exec(line.trim())
    const binding = match && KEY_BINDINGS.find(({ word }) => word === match[1])
    if (!binding || (match[2] !== undefined && !binding.isSwitch)) return undefined
    return { name: binding.word, isOn: match[2] === undefined ? undefined : match[2] === "on" }
}

export const WORDS = KEY_BINDINGS.map(({ word }) => word).join(", ")
export const KEYS = KEY_BINDINGS.map(({ key, word }) => `${key} ${word}`)

/** Returns one line for each command. */
export function helpLines(): string[] {
    return KEY_BINDINGS.map(({ key, word, help }) => `${key}  ${word.padEnd(7)} ${help}`)
}

/** Executes a command on the board. Ignores a command that is not for the board. */
export function execute(board: DevBoard, { name, isOn }: BoardCommand): void {
    switch (name) {
        case "power":
            return board.setPower(isOn)
        case "reset":
            return board.reset()
        case "button":
            return board.press(PRESS_MS)
        case "hold":
            return board.press(HOLD_MS)
        case "wifi":
            return board.setWifi(isOn)
        case "flash":
            return board.showFlash()
        case "tear":
            return board.tearNextWrite()
        case "erase":
            return board.erase()
    }
}
