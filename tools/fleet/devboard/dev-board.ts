// One simulated board with the actions of a user (power, reset, button, Wi-Fi, flash) and its visible state.
import type { Clock, Random } from "@moorage/runtime"
import {
    Board,
    type BoardProfile,
    type Flash,
    flashSteps,
    type BoardLogEntry,
    type Network,
    subscribeBoardLog,
    readProgram,
    tornImage,
    WifiSwitch,
} from "@moorage/vm"
import { NO_PROGRAM_ACTIVITY, type Activity, nextActivity, OFF_ACTIVITY } from "./board-activity.js"
import { eraseFlash } from "./flash-file.js"
import { BlinkClassifier } from "./blink-pattern.js"
import { type FlashContents, readFlashContents } from "./flash-contents.js"

export interface DevBoardEvent {
    source: "board" | "you"
    kind: BoardLogEntry["kind"] | "wifi" | "button" | "flash" | "dark" | "state"
    text: string
    /** The flash contents, in the response to showFlash() (kind `flash`). */
    stored?: FlashContents
}

export interface DevBoardStatus {
    isOn: boolean
    isWifiOn: boolean
    activity: string
    /** Description of the blink pattern. */
    light: string
    isLit: boolean
    /** Heap in use; undefined while no program runs. */
    heapBytes: number | undefined
    heapMaxBytes: number
    flashWrites: number
    /** Time since power-on or reset; undefined while the board is off. */
    uptimeMs: number | undefined
}

export interface DevBoardOptions {
    id: string
    profile: BoardProfile
    bytecode: Uint8Array
    flash: Flash
    /** Writes the initial program and settings into an erased flash. */
    provision: (flash: Flash) => void
    network: Network
    clock: Clock
    random: Random
    onEvent: (event: DevBoardEvent) => void
}

/** A button press that the firmware ignores, and one that requests reprovisioning (devs/status/reprovision-button.ts). */
export const PRESS_MS = 200
export const HOLD_MS = 5_200

const NO_PROGRAM =
    "no program in flash: the runtime has formatted it (docs/internals/flash.md). The board cannot start until you flash it again"

/** Returns a flash that calls `onWrite` after each write that changes a page. */
function observeWrites(flash: Flash, onWrite: () => void): Flash {
    return {
        bytes: flash.bytes,
        load: target => flash.load(target),
        save: image => {
            const pages = flash.save(image)
            if (pages > 0) onWrite()
            return pages
        },
    }
}

export class DevBoard {
    private readonly board: Board
    private readonly wifi: WifiSwitch
    private readonly light = new BlinkClassifier()
    private activity: Activity = OFF_ACTIVITY
    private isWifiOn = true
    private isPressed = false
    private isTearing = false
    private bootMs = 0
    private isClosed = false

    constructor(private readonly options: DevBoardOptions) {
        const { id, profile, bytecode, flash, provision, network, clock, random } = options
        this.wifi = new WifiSwitch(network)
        provision(flash)
        this.board = new Board({
            id,
            bytecode,
            flash: observeWrites(flash, () => this.checkProgram()),
            heapBytes: profile.heapKB * 1024,
            clock,
            random,
            network: this.wifi,
            tear: (before, after) => this.tear(before, after),
        })
        subscribeBoardLog(this.board, entry => this.onLogEntry(entry))
        this.board.on("light", ({ red, green, blue }) =>
            this.light.set(red + green + blue > 0, clock.nowMs())
        )
    }

    /** The hub at which the board is moored. */
    get hub(): string | undefined {
        return this.activity.hub
    }

    get status(): DevBoardStatus {
        const { board, options, light } = this
        const nowMs = options.clock.nowMs()
        return {
            isOn: board.isOn,
            isWifiOn: this.isWifiOn,
            activity: this.activity.text,
            light: light.describe(nowMs),
            isLit: light.isLit,
            heapBytes: board.heapUsedBytes,
            heapMaxBytes: options.profile.heapKB * 1024,
            flashWrites: board.stats.flashWrites,
            uptimeMs: board.isOn ? nowMs - this.bootMs : undefined,
        }
    }

    /** Switches the power on or off (default: toggles it). */
    setPower(isOn = !this.board.isOn): void {
        if (isOn) this.board.powerOn()
        else this.board.powerOff()
    }

    /** Presses the reset button. */
    reset(): void {
        if (this.requirePower()) this.board.reset()
    }

    /** Holds the push button down for this time. */
    press(durationMs: number): void {
        if (!this.requirePower()) return
        if (this.isPressed) return this.reportUserAction("button", "the button is already pressed")
        this.isPressed = true
        const note = this.options.profile.image === "maintight" ? "; the tight image ignores it" : ""
        this.reportUserAction("button", `button down for ${durationMs / 1000} s${note}`)
        this.board.pressButton(durationMs)
        this.options.clock.after(durationMs, () => {
            this.isPressed = false
            this.reportUserAction("button", "button up")
        })
    }

    /** Switches the Wi-Fi on or off (default: toggles it). */
    setWifi(isOn = !this.isWifiOn): void {
        if (isOn === this.isWifiOn) return
        this.isWifiOn = isOn
        this.reportUserAction("wifi", isOn ? "Wi-Fi on" : "Wi-Fi off: open connections break, new ones fail")
        this.wifi.set(isOn)
    }

    /** Reports the flash contents. */
    showFlash(): void {
        const { options } = this
        this.emit({ source: "board", kind: "flash", text: "flash", stored: readFlashContents(options.flash) })
    }

    /** Switches the board off. A closed board reports no events. */
    close(): void {
        this.isClosed = true
        this.board.powerOff()
    }

    /** Erases the flash and writes the initial program and settings again. */
    erase(): void {
        const { isOn } = this.board
        this.setPower(false)
        eraseFlash(this.options.flash)
        this.options.provision(this.options.flash)
        this.reportUserAction("flash", "flash erased and written again")
        if (isOn) this.setPower(true)
    }

    /** Makes the power fail during the next write to flash. */
    tearNextWrite(): void {
        this.isTearing = true
        this.reportUserAction("flash", "power will fail during the next write to flash")
    }

    /** Returns whether the board is on. Reports an event if the board is off. */
    private requirePower(): boolean {
        if (!this.board.isOn) this.reportUserAction("power", "the board is off")
        return this.board.isOn
    }

    private emit(event: DevBoardEvent): void {
        if (!this.isClosed) this.options.onEvent(event)
    }

    private reportUserAction(kind: DevBoardEvent["kind"], text: string): void {
        this.emit({ source: "you", kind, text })
    }

    private onLogEntry(entry: BoardLogEntry): void {
        const { kind } = entry
        if (kind === "power" || kind === "reset") {
            this.bootMs = this.options.clock.nowMs()
            this.light.clear()
        }
        this.emit({ source: "board", ...entry })
        this.setActivity(nextActivity(this.activity, entry, this.board.isOn))
        if (kind === "power" || kind === "reset") this.checkProgram()
    }

    private setActivity(activity: Activity): void {
        if (activity.text === this.activity.text) return
        this.activity = activity
        this.emit({ source: "board", kind: "state", text: activity.text })
    }

    /** Reports that the program is missing. The runtime formats a torn store at its start or after a write. */
    private checkProgram(): void {
        if (!this.board.isOn || this.activity === NO_PROGRAM_ACTIVITY || readProgram(this.options.flash))
            return
        this.emit({ source: "board", kind: "dark", text: NO_PROGRAM })
        this.setActivity(NO_PROGRAM_ACTIVITY)
    }

    /** Returns the flash after half of the write, or undefined if the power does not fail. */
    private tear(before: Uint8Array, after: Uint8Array): Uint8Array | undefined {
        if (!this.isTearing || Buffer.compare(before, after) === 0) return undefined
        this.isTearing = false
        this.emit({ source: "board", kind: "flash", text: "power fails during a write to flash" })
        return tornImage(before, after, Math.floor(flashSteps(before, after).length / 2))
    }
}
