// Prints the error that ends a command, and sets the exit code.
import { type ErrorReport, EXIT_CODES, MoorageError } from "@moorage/errors"
import { CommanderError } from "commander"

const CRASH_HELP =
    "This is a defect of Moorage. Please open an issue with this text, the command and the output of `moorage --version`."
const DEBUG_HELP = "Set MOORAGE_DEBUG=1 to print a stack trace."

/** Returns whether the command line asks for JSON. */
export function wantsJson(argv: string[]): boolean {
    const end = argv.indexOf("--")
    return argv.slice(2, end < 0 ? undefined : end).includes("--json")
}

const isDebug = () => Boolean(process.env.MOORAGE_DEBUG)

function crashText(error: unknown): string {
    const message = error instanceof Error ? error.message : String(error)
    const stack = isDebug() && error instanceof Error ? `${error.stack}\n` : ""
    return `Unexpected error: ${message}\n${stack}${CRASH_HELP}${isDebug() ? "" : ` ${DEBUG_HELP}`}\n`
}

const printReport = (report: ErrorReport) => process.stdout.write(`${JSON.stringify(report)}\n`)

/**
 * Reports the end of the command line parser: help, version, or wrong usage, which the parser has printed to the
 * standard error.
 */
function reportParserEnd(error: CommanderError, isJson: boolean): void {
    if (error.exitCode === 0) {
        process.exitCode = EXIT_CODES.done
        return
    }
    process.exitCode = EXIT_CODES.wrongUsage
    const isHelp = error.code === "commander.help"
    const what = isHelp ? "A command is missing." : error.message.replace(/^error: /, "")
    if (isJson) printReport(new MoorageError("WRONG_USAGE", what).report())
}

/**
 * Prints an error as text to the standard error and sets the exit code. With `--json`, an object with code, message
 * and cure is also printed to the standard output.
 */
export function reportError(error: unknown, isJson: boolean): void {
    if (error instanceof CommanderError) return reportParserEnd(error, isJson)
    const known =
        error instanceof MoorageError
            ? error
            : new MoorageError("INTERNAL", error instanceof Error ? error.message : String(error))
    process.stderr.write(known === error ? `${known.message}\n` : crashText(error))
    process.exitCode = known.exitCode
    if (isJson) printReport(known.report())
}
