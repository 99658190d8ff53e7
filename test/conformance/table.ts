// Runs the conformance suite and writes docs/reference/conformance.md: every operation tried, and how it went.
//   node --import tsx test/conformance/table.ts
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"

interface Assertion {
    ancestorTitles: string[]
    title: string
    status: "passed" | "failed" | "skipped" | "pending"
}

interface Result {
    numPassedTests: number
    numFailedTests: number
    testResults: { name: string; assertionResults: Assertion[] }[]
}

/** Files whose tests name no client of their own. */
const CLIENTS: Record<string, string> = {
    "registry.test.ts": "azure-iothub",
    "service.test.ts": "azure-iot-provisioning-service",
    "start.test.ts": "azure-iot-provisioning-device / MQTT",
    "rawmqtt.test.ts": "MQTT.js and bare sockets",
}

function runSuite(): Result {
    const dir = mkdtempSync(join(tmpdir(), "moorage-conformance-"))
    const file = join(dir, "results.json")
    try {
        spawnSync("npx", ["vitest", "run", "test/conformance", "--reporter=json", `--outputFile=${file}`])
        return JSON.parse(readFileSync(file, "utf8")) as Result
    } finally {
        rmSync(dir, { recursive: true, force: true })
    }
}

function rowsOf(result: Result): { client: string; operation: string; outcome: string }[] {
    return result.testResults.flatMap(({ name, assertionResults }) =>
        assertionResults.map(({ ancestorTitles, title, status }) => {
            const own = CLIENTS[basename(name)]
            const [first = "", ...rest] = ancestorTitles
            const client = own ?? first
            const operation = [...(own ? ancestorTitles : rest), title].join(": ").replaceAll("|", "\\|")
            return { client, operation, outcome: status === "passed" ? "pass" : status }
        })
    )
}

function document(result: Result): string {
    const rows = rowsOf(result)
    const clients = [...new Set(rows.map(row => row.client))].sort()
    const skipped = rows.filter(row => row.outcome !== "pass" && row.outcome !== "failed").length
    const lines = [
        "# Conformance",
        "",
        "Clients that we did not write, unmodified, against the emulator on real TLS sockets. Made by",
        "`node --import tsx test/conformance/table.ts`; the tests are in `test/conformance`.",
        "",
        `${result.numPassedTests} passed, ${result.numFailedTests} failed, ${skipped} not tried. What is not tried: over MQTT,`,
        "`azure-iot-provisioning-device` throws from an event handler of its own when the connection breaks during a register.",
        "C2D is sent over REST, since `azure-iothub` has it over AMQP only.",
    ]
    for (const client of clients) {
        lines.push("", `## ${client}`, "", "| operation | result |", "|---|---|")
        for (const row of rows.filter(each => each.client === client))
            lines.push(`| ${row.operation} | ${row.outcome} |`)
    }
    return `${lines.join("\n")}\n`
}

const result = runSuite()
writeFileSync(new URL("../../docs/reference/conformance.md", import.meta.url), document(result))
console.log(`${result.numPassedTests} passed, ${result.numFailedTests} failed`)
process.exitCode = result.numFailedTests > 0 ? 1 : 0
