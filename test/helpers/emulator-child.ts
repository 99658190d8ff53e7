// An emulator in its own process, for tests that kill it. The argument is JSON of its options.
import { type EmulatorOptions, startEmulator } from "../../tools/emulator/index.js"

const options = JSON.parse(process.argv[2]) as EmulatorOptions
const { cloud, tcpPort, httpPort } = await startEmulator({
    ...options,
    tcpPort: 0,
    httpPort: 0,
    onStateError: error => {
        process.stderr.write(`${error.message}\n`)
        process.exit(1)
    },
})
const [hub] = cloud.hubNames()
const service = cloud.hubAccess(hub).connectionString(hub)
process.stdout.write(`${JSON.stringify({ tcpPort, httpPort, hub, service })}\n`)
