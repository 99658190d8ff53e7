// `moorage manufacture --scan`: a barcode scanner types an ID and Enter; the board at hand becomes that one.
import { join } from "node:path"
import { createInterface } from "node:readline/promises"
import { boardFromId, type FleetBoard, type FleetDefaults } from "@moorage/fleet"
import { checkId } from "@moorage/fleet"
import { ImageWriter, esptoolArguments, type ManifestEntry, readManifest } from "@moorage/fleet/manufacture"
import { FAILED, UserError, WRONG_USAGE } from "../user-error.js"
import { INTERRUPTED, interruption } from "../interrupt.js"
import { bytecodesOf, type ManufactureCommandOptions } from "./boards-to-make.js"
import { runEsptool, shellLine } from "../flash/run.js"

/** The board that was scanned: of the file, if there is one. @throws Error that says why there is none */
function boardOf(
    text: string,
    line: number,
    boards: Map<string, FleetBoard> | undefined,
    defaults: FleetDefaults
): FleetBoard {
    if (!boards) return boardFromId(text, line, defaults)
    const { id, issue } = checkId(text)
    if (id === undefined) throw new Error(issue)
    const board = boards.get(id)
    if (!board) throw new Error(`${id} is not in the fleet file`)
    return board
}

/** Without a file any board is as the options say. @throws UserError when they do not say enough */
function anyBoard(defaults: FleetDefaults): FleetBoard {
    try {
        return boardFromId("any", 0, defaults)
    } catch (error) {
        const what = (error as Error).message
        throw new UserError(
            `Without a fleet file the options say it all, but a board ${what}.`,
            WRONG_USAGE,
            {
                cause: error,
            }
        )
    }
}

function boardsBefore(out: string): ManifestEntry[] {
    try {
        return readManifest(out).boards
    } catch (error) {
        if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return []
        throw new UserError((error as Error).message, FAILED, { cause: error })
    }
}

/** Makes and flashes boards until the input ends. One that fails is said, and the next is waited for. */
export async function scan(
    all: FleetBoard[] | undefined,
    defaults: FleetDefaults,
    groupKey: string | undefined,
    options: ManufactureCommandOptions
): Promise<void> {
    const { out, dryRun } = options
    if (options.port === undefined && !dryRun)
        throw new UserError("Where is the board? Give --port, or --dry-run.", WRONG_USAGE)
    const port = options.port ?? "PORT"
    const boards = all && new Map(all.map(board => [board.registrationId, board]))
    const bytecodes = await bytecodesOf(all ?? [anyBoard(defaults)])
    const bench = new ImageWriter(out, bytecodes, groupKey, boardsBefore(out))
    const seen = new Set<string>()
    const stop = interruption()
    let line = 0
    for await (const scanned of createInterface({ input: process.stdin, signal: stop })) {
        line++
        if (scanned.trim() === "") continue
        try {
            const board = boardOf(scanned.trim(), line, boards, defaults)
            const again = seen.has(board.registrationId) ? " (again)" : ""
            const entry = bench.make(board)
            const file = join(out, entry.image)
            if (dryRun)
                process.stdout.write(`${shellLine(["esptool", ...esptoolArguments(entry, file, port)])}\n`)
            else {
                await runEsptool(entry, file, port, stop)
                process.stdout.write(`${entry.registrationId} flashed on ${port}${again}\n`)
            }
            seen.add(entry.registrationId)
        } catch (error) {
            process.stderr.write(`NOT FLASHED: ${(error as Error).message}\n`)
            process.exitCode = FAILED
        }
    }
    if (!stop.aborted) return
    process.stderr.write(`Interrupted: boards ${dryRun ? "made" : "flashed"} until then: ${seen.size}.\n`)
    process.exitCode = INTERRUPTED
}
