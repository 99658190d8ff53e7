import type { Command } from "commander"
import type { DemoOptions } from "./run.js"

const EPILOGUE = `
Examples
  moorage demo
  moorage demo --json | jq '.boards[].boots[].mooredMs'
  npm start                              the same, on a fresh clone
  npm start --silent -- --json           npm prints nothing, so that stdout is one JSON object

Exit codes: 0 every board moored at every boot, 1 a board did not moor, 2 wrong usage, 130 interrupted.`

/** Adds `moorage demo`. */
export function addDemo(program: Command): void {
    program
        .command("demo")
        .summary("run two simulated boards against an emulated cloud")
        .description(
            "Starts an emulated DPS, two emulated hubs and two simulated boards with a blank flash. Then cuts the power of the " +
                "boards, boots them again, and calls the direct method Reprovision on one board. The demo uses the real firmware " +
                "bytecode, the real VM, and TLS sockets on 127.0.0.1."
        )
        .option("--json", "result table as one JSON object on stdout, timeline on stderr", false)
        .addHelpText("after", EPILOGUE)
        .action(async (options: DemoOptions) => {
            // The VM is loaded only when the demo runs.
            const { runDemo } = await import("./run.js")
            await runDemo(options)
        })
}
