// `moorage manufacture --scan`: a barcode scanner types an ID and Enter, and the connected board gets that ID.
import { join } from "node:path"
import { createInterface } from "node:readline/promises"
import { EXIT_CODES } from "@moorage/errors"
import { boardFromId, checkId, type FleetBoard, type FleetDefaults } from "@moorage/fleet"
import { esptoolArguments, ImageWriter, type ManifestEntry, readManifest } from "@moorage/fleet/manufacture"
import { runEsptool, shellLine } from "../flash/run-esptool.js"
import { createInterruptSignal } from "../interrupt.js"
import { usageError } from "../usage-error.js"
import { buildBytecodes, type ManufactureCommandOptions } from "./boards-to-make.js"

/** The inputs of `moorage manufacture --scan` that are the same for each scanned ID. */
export interface ScanContext {
    /** Boards of the fleet file; undefined without a file, which allows any ID. */
    boards?: FleetBoard[]
    defaults: FleetDefaults
    groupKey?: string
}

/** Returns the board with the scanned ID. @throws Error with the reason when the ID is not accepted */
function scannedBoard(
    { defaults }: ScanContext,
    boards: Map<string, FleetBoard> | undefined,
    { text, line }: { text: string; line: number }
): FleetBoard {
    if (!boards) return boardFromId(text, line, defaults)
    const { id, issue } = checkId(text)
    if (id === undefined) throw new Error(issue)
    const board = boards.get(id)
    if (!board) throw new Error(`${id} is not in the fleet file`)
    return board
}

/** Returns a board as the options describe it without a fleet file. @throws MoorageError when an option is missing */
function exampleBoard(defaults: FleetDefaults): FleetBoard {
    try {
        return boardFromId("any", 0, defaults)
    } catch (error) {
        const problems = (error as Error).message
        throw usageError(
            `Without a fleet file, the options must describe the board completely: a board ${problems}.`,
            {
                cause: error,
            }
        )
    }
}

/** Returns the entries of an existing manifest. @throws ImageError when the manifest is damaged */
function existingEntries(out: string): ManifestEntry[] {
    try {
        return readManifest(out).boards
    } catch (error) {
        if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return []
        throw error
    }
}

/**
 * Makes and flashes boards until the input ends. A failure is reported, and the next ID is read.
 * @throws MoorageError when the options are incomplete
 */
export async function scanBoards(context: ScanContext, options: ManufactureCommandOptions): Promise<void> {
    const { out, dryRun } = options
    if (options.port === undefined && !dryRun)
        throw usageError("No serial port specified.", { cure: "Use --port or --dry-run." })
    const port = options.port ?? "PORT"
    const { defaults, groupKey } = context
    const boards = context.boards && new Map(context.boards.map(board => [board.registrationId, board]))
    const bytecodes = await buildBytecodes(context.boards ?? [exampleBoard(defaults)])
    const writer = new ImageWriter({ outDir: out, bytecodes, groupKey, existing: existingEntries(out) })
    const seen = new Set<string>()
    const stop = createInterruptSignal()
    let line = 0
    for await (const scanned of createInterface({ input: process.stdin, signal: stop })) {
        line++
        if (scanned.trim() === "") continue
        try {
            const board = scannedBoard(context, boards, { text: scanned.trim(), line })
            const repeated = seen.has(board.registrationId) ? " (again)" : ""
            const entry = writer.make(board)
            const file = join(out, entry.image)
            if (dryRun)
                process.stdout.write(`${shellLine(["esptool", ...esptoolArguments(entry, file, port)])}\n`)
            else {
                await runEsptool({ entry, file, port }, stop)
                process.stdout.write(`${entry.registrationId} flashed on ${port}${repeated}\n`)
            }
            seen.add(entry.registrationId)
        } catch (error) {
            process.stderr.write(`NOT FLASHED: ${(error as Error).message}\n`)
            process.exitCode = EXIT_CODES.failed
        }
    }
    if (!stop.aborted) return
    process.stderr.write(`Interrupted. Boards ${dryRun ? "made" : "flashed"}: ${seen.size}.\n`)
    process.exitCode = EXIT_CODES.interrupted
}
