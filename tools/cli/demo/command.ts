import { parseArgs } from "node:util"

export interface DemoOptions {
    json: boolean
    help: boolean
}

export const HELP = `npm start [-- options]

Powers two simulated boards from blank against an emulated DPS and two emulated hubs, cuts their power, boots them
again, and calls the direct method Reprovision on one. Real firmware bytecode, real VM, real TLS sockets on 127.0.0.1.

Options
  --json   print the closing table as one JSON object on stdout, the timeline on stderr
  --help   print this

Exit code 0 when every board moored each time, 1 when one did not, 2 for a wrong option.

Examples
  npm start
  npm start -- --json | jq '.boards[].boots[].mooredMs'
`

/** Reads the command line. @throws Error with one line for the user when an option is unknown */
export function readOptions(args: string[]): DemoOptions {
    const { values } = parseArgs({
        args,
        options: {
            json: { type: "boolean", default: false },
            help: { type: "boolean", short: "h", default: false },
        },
    })
    return { json: values.json, help: values.help }
}
