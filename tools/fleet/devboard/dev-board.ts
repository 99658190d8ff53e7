// One board on a desk: the VM with what a person can do to it, and what can be seen of it.
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
import { DARK, type Activity, nextActivity, OFF } from "./board-activity.js"
import { eraseFlash } from "./flash-file.js"
import { BlinkClassifier } from "./blink-pattern.js"
import { type FlashContents, readFlashContents } from "./flash-contents.js"

export interface DevBoardEvent {
    source: "board" | "you"
    kind: BoardLogEntry["kind"] | "wifi" | "button" | "flash" | "dark" | "state"
    text: string
    /** Of kind `flash`, when the person asked what is stored. */
    stored?: FlashContents
}

export interface DevBoardStatus {
    isOn: boolean
    isWifiOn: boolean
    doing: string
    light: string
    isLit: boolean
    /** In use; undefined while no program runs. */
    heapBytes: number | undefined
    heapMaxBytes: number
    flashWrites: number
    /** Since power or reset; undefined while it is off. */
    uptimeMs: number | undefined
}

export interface DevBoardOptions {
    id: string
    profile: BoardProfile
    bytecode: Uint8Array
    flash: Flash
    /** Puts into the flash what the board is delivered with. */
    initialFlash: (flash: Flash) => void
    network: Network
    clock: Clock
    random: Random
    tell: (event: DevBoardEvent) => void
}

/** A press that the firmware takes for nothing, and one that it takes for a wish (devs/status/reprovision-button.ts). */
export const PRESS_MS = 200
export const HOLD_MS = 5_200

const NO_PROGRAM =
    "no program in flash: the runtime has formatted it (docs/internals/flash.md); the board stays dark until it is flashed anew"

/** Flash that tells when something was written. */
function watched(flash: Flash, written: () => void): Flash {
    return {
        bytes: flash.bytes,
        load: target => flash.load(target),
        save: image => {
            const pages = flash.save(image)
            if (pages > 0) written()
            return pages
        },
    }
}

export class DevBoard {
    private readonly board: Board
    private readonly wifi: WifiSwitch
    private readonly light = new BlinkClassifier()
    private doing: Activity = OFF
    private isWifiOn = true
    private isPressed = false
    private isTearing = false
    private bootMs = 0
    private isClosed = false

    constructor(private readonly options: DevBoardOptions) {
        const { id, profile, bytecode, flash, initialFlash, network, clock, random } = options
        this.wifi = new WifiSwitch(network)
        initialFlash(flash)
        this.board = new Board({
            id,
            bytecode,
            flash: watched(flash, () => this.lookForProgram()),
            heapBytes: profile.heapKB * 1024,
            clock,
            random,
            network: this.wifi,
            tear: (before, after) => this.tear(before, after),
        })
        subscribeBoardLog(this.board, happening => this.happened(happening))
        this.board.on("light", ({ red, green, blue }) =>
            this.light.set(red + green + blue > 0, clock.nowMs())
        )
    }

    /** The hub that the board is moored at. */
    get hub(): string | undefined {
        return this.doing.hub
    }

    get status(): DevBoardStatus {
        const { board, options, light } = this
        const nowMs = options.clock.nowMs()
        return {
            isOn: board.isOn,
            isWifiOn: this.isWifiOn,
            doing: this.doing.text,
            light: light.text(nowMs),
            isLit: light.isLit,
            heapBytes: board.heapUsedBytes,
            heapMaxBytes: options.profile.heapKB * 1024,
            flashWrites: board.stats.flashWrites,
            uptimeMs: board.isOn ? nowMs - this.bootMs : undefined,
        }
    }

    /** Switches the power, or turns it over. */
    power(isOn = !this.board.isOn): void {
        if (isOn) this.board.powerOn()
        else this.board.powerOff()
    }

    /** The reset button. */
    reset(): void {
        if (this.isAwake()) this.board.reset()
    }

    /** Presses the push button for so long. */
    press(heldMs: number): void {
        if (!this.isAwake()) return
        if (this.isPressed) return this.say("button", "the button is held already")
        this.isPressed = true
        const note = this.options.profile.image === "maintight" ? "; the tight image does not heed it" : ""
        this.say("button", `button down for ${heldMs / 1000} s${note}`)
        this.board.pressButton(heldMs)
        this.options.clock.after(heldMs, () => {
            this.isPressed = false
            this.say("button", "button up")
        })
    }

    /** Switches the Wi-Fi, or turns it over. */
    setWifi(isOn = !this.isWifiOn): void {
        if (isOn === this.isWifiOn) return
        this.isWifiOn = isOn
        this.say("wifi", isOn ? "Wi-Fi on" : "Wi-Fi off: what was open is broken, nothing can be dialled")
        this.wifi.set(isOn)
    }

    /** Tells what stands in flash. */
    showFlash(): void {
        const { options } = this
        this.tell({ source: "board", kind: "flash", text: "flash", stored: readFlashContents(options.flash) })
    }

    /** Takes the power away for good, without a word. */
    close(): void {
        this.isClosed = true
        this.board.powerOff()
    }

    /** Erases the flash, and flashes the board as it was delivered. */
    erase(): void {
        const { isOn } = this.board
        this.power(false)
        eraseFlash(this.options.flash)
        this.options.initialFlash(this.options.flash)
        this.say("flash", "flash erased, and flashed anew")
        if (isOn) this.power(true)
    }

    /** Power fails inside the next write to flash. */
    tearNextWrite(): void {
        this.isTearing = true
        this.say("flash", "power will fail inside the next write to flash")
    }

    private isAwake(): boolean {
        if (!this.board.isOn) this.say("power", "the board is off")
        return this.board.isOn
    }

    private tell(event: DevBoardEvent): void {
        if (!this.isClosed) this.options.tell(event)
    }

    private say(kind: DevBoardEvent["kind"], text: string): void {
        this.tell({ source: "you", kind, text })
    }

    private happened(happening: BoardLogEntry): void {
        const { kind } = happening
        if (kind === "power" || kind === "reset") {
            this.bootMs = this.options.clock.nowMs()
            this.light.clear()
        }
        this.tell({ source: "board", ...happening })
        this.become(nextActivity(this.doing, happening, this.board.isOn))
        if (kind === "power" || kind === "reset") this.lookForProgram()
    }

    private become(doing: Activity): void {
        if (doing.text === this.doing.text) return
        this.doing = doing
        this.tell({ source: "board", kind: "state", text: doing.text })
    }

    /** A runtime that finds its store torn formats it: at its start, or when it was written. */
    private lookForProgram(): void {
        if (!this.board.isOn || this.doing === DARK || readProgram(this.options.flash)) return
        this.tell({ source: "board", kind: "dark", text: NO_PROGRAM })
        this.become(DARK)
    }

    /** Half of the write, when power is to fail in it. */
    private tear(before: Uint8Array, after: Uint8Array): Uint8Array | undefined {
        if (!this.isTearing || Buffer.compare(before, after) === 0) return undefined
        this.isTearing = false
        this.tell({ source: "board", kind: "flash", text: "power fails inside a write to flash" })
        return tornImage(before, after, Math.floor(flashSteps(before, after).length / 2))
    }
}
