// Runs `moorage board --json` for tests: sends commands on its standard input and reads its events.
import { PassThrough } from "node:stream"
import { buildFirmware } from "@moorage/vm"
import * as v from "valibot"
import { expect } from "vitest"
import { type Ended, type Running, start } from "./command.js"
import { BOARD_EVENT } from "./json-schema.js"

type BoardEvent = v.InferOutput<typeof BOARD_EVENT>

/** Settings for a short test: the record is stored after one second, and the board wakes each second for its button. */
export const QUICK = ["--set", "STABLE_SEC=1", "--set", "TELEMETRY_SEC=1"]

export const REGISTER = /^DPS: register from/

/** Log lines of a lost session. The firmware reports the loss of a new session in other words. */
export const LOST = /^(socket: mbedtls_ssl_read|closed by peer|closed after CONNACK); next in \d+ s$/

let running: Running[] = []

/** Ends the commands that the current test has started. */
export async function stopBoardCommands(): Promise<void> {
    for (const each of running) await each.stop("SIGKILL")
    running = []
}

/** Builds the firmware images, so that no command of a test has to build them. */
export async function buildBoardImages(): Promise<void> {
    await buildFirmware("src/main.ts")
    await buildFirmware("src/maintight.ts")
}

/** A running `moorage board --json`. */
export class BoardCommand {
    private readonly input = new PassThrough()
    readonly process: Running

    constructor(args: string[], env?: Record<string, string>) {
        this.process = start(["board", "--json", ...args], env, this.input)
        running.push(this.process)
    }

    /** Sends one command line. */
    send(command: string): void {
        this.input.write(`${command}\n`)
    }

    /** All events so far. Throws if an event does not match the documented schema. */
    get events(): BoardEvent[] {
        const lines = this.process.stdout.split("\n").slice(0, -1)
        return lines.map(line => v.parse(BOARD_EVENT, JSON.parse(line)))
    }

    /** Returns the matching event texts. @param source source of the events (default: any) */
    texts(pattern: RegExp, source?: BoardEvent["source"]): string[] {
        return this.events
            .filter(event => pattern.test(event.text) && (source === undefined || event.source === source))
            .map(event => event.text)
    }

    /** Returns the contents of the flash from the `flash` event. */
    get storedContents(): unknown {
        const event = this.events.find(each => each.text === "flash")
        return event && "stored" in event ? event.stored : undefined
    }

    /** Waits for a number of matching event texts. The firmware may have to be built first. */
    async until(pattern: RegExp, times = 1): Promise<void> {
        try {
            await expect
                .poll(() => this.texts(pattern).length, { timeout: 90_000 })
                .toBeGreaterThanOrEqual(times)
        } catch (error) {
            const { stdout, stderr } = this.process
            throw new Error(`No ${times} events match ${pattern}:\n${stdout}${stderr}`, { cause: error })
        }
    }

    /** Waits for the end of the command. */
    end(): Promise<Ended> {
        return this.process.end()
    }

    /** Sends `quit` and waits for the end of the command. */
    async quit(): Promise<Ended> {
        this.send("quit")
        return this.end()
    }
}
