// `npm start`: the main job from blank to reprovisioned, on real parts, in under a minute.
import { realClock } from "@moorage/runtime"
import { HELP, type DemoOptions, readOptions } from "./command.js"
import { runDemo, type Demo, startDemo } from "./demo.js"
import { formatTable } from "./boot-table.js"
import { Timeline } from "@moorage/report"

const EXIT_USAGE = 2
const EXIT_INTERRUPTED = 130

function parse(args: string[]): DemoOptions | undefined {
    try {
        return readOptions(args)
    } catch (error) {
        process.stderr.write(`${(error as Error).message}\nSee npm start -- --help\n`)
        return undefined
    }
}

async function main(): Promise<number> {
    const options = parse(process.argv.slice(2))
    if (!options) return EXIT_USAGE
    if (options.help) {
        process.stdout.write(HELP)
        return 0
    }
    const stream = options.json ? process.stderr : process.stdout
    const timeline = new Timeline(realClock, line => stream.write(`${line}\n`))
    let scene: Demo | undefined
    for (const signal of ["SIGINT", "SIGTERM"] as const)
        process.once(signal, () => {
            stream.write("\nInterrupted: switching everything off.\n")
            void Promise.resolve(scene?.close()).finally(() => process.exit(EXIT_INTERRUPTED))
        })
    try {
        scene = await startDemo(timeline)
        const boards = await runDemo(scene, timeline)
        const moored = boards.every(
            board => board.panics === 0 && board.boots.every(boot => boot.mooredMs !== null)
        )
        stream.write("\n")
        for (const line of formatTable(boards)) stream.write(`${line}\n`)
        stream.write(
            moored ? "\nEvery board moored each time.\n" : "\nA board did not moor: see the timeline above.\n"
        )
        if (options?.json) process.stdout.write(`${JSON.stringify({ boards })}\n`)
        return moored ? 0 : 1
    } finally {
        await scene?.close()
    }
}

process.exitCode = await main().catch((error: Error) => {
    process.stderr.write(`npm start: ${error.message}\n`)
    return 1
})
