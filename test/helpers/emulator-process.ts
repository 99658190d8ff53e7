// Drives an emulator in another process over its protocols, for tests that kill it.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import mqtt, { type IClientOptions, type MqttClient } from "mqtt"
import { deriveDeviceKey, GLOBAL_DEVICE_ENDPOINT, makeSasToken } from "@moorage/protocol"

const SCOPE = "0ne00KILLED"
const GROUP_KEY = Buffer.alloc(64, 8).toString("base64")
const CHILD = fileURLToPath(new URL("emulator-child.ts", import.meta.url))
const EXPIRY_SEC = Math.floor(Date.now() / 1000) + 3600

interface Ready {
    tcpPort: number
    httpPort: number
    hub: string
    service: string
}

/** One HTTP request to the emulator. */
interface ProcessRequest {
    method: string
    host: string
    path: string
    authorization: string
    body?: string
    headers?: Record<string, string>
}

/** A process of the emulator. */
export class EmulatorProcess {
    private constructor(
        private readonly child: ChildProcess,
        private readonly ready: Ready
    ) {}

    static async start(dataDir: string): Promise<EmulatorProcess> {
        const options = {
            dataDir,
            idScope: SCOPE,
            assigningMs: 30,
            enrollmentGroups: [{ enrollmentGroupId: "g", primaryKey: GROUP_KEY, allocationPolicy: "static" }],
            quotas: { dpsRegistrations: null, dpsOperations: null, dpsPollsPerDevice: null },
        }
        const child = spawn(process.execPath, ["--import", "tsx", CHILD, JSON.stringify(options)], {
            stdio: ["ignore", "pipe", "inherit"],
        })
        const [line] = (await once(createInterface(child.stdout), "line")) as [string]
        return new EmulatorProcess(child, JSON.parse(line) as Ready)
    }

    /** Sends SIGKILL: no handler runs, and nothing is flushed. */
    async kill(): Promise<void> {
        const gone = once(this.child, "exit")
        this.child.kill("SIGKILL")
        await gone
    }

    /** Returns status and body of one HTTP request. Rejects if the connection fails. */
    private async http({ method, host, path, authorization, body, headers = {} }: ProcessRequest) {
        // fetch() sets its own Host header, but the emulator selects the service by that header.
        const { request } = await import("node:http")
        return new Promise<{ status: number; body: string }>((resolve, reject) => {
            const url = { host: "127.0.0.1", port: this.ready.httpPort, path, method }
            const asked = request({ ...url, headers: { host, authorization, ...headers } }, response => {
                let text = ""
                response.on("data", chunk => (text += String(chunk)))
                response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }))
                response.on("error", reject)
            })
            asked.on("error", reject)
            asked.end(body)
        })
    }

    private dps(method: string, id: string, tail: string) {
        const resource = `${SCOPE}/registrations/${id}`
        const token = makeSasToken(deriveDeviceKey(GROUP_KEY, id), resource, EXPIRY_SEC, "registration")
        const path = `/${resource}${tail}?api-version=2021-06-01`
        return this.http({ method, host: GLOBAL_DEVICE_ENDPOINT, path, authorization: token })
    }

    /** Registers, and returns whether DPS has accepted the registration. */
    async register(id: string): Promise<boolean> {
        return (await this.dps("PUT", id, "/register")).status === 202
    }

    /** Returns the assigned hub by status lookup. */
    async assignedHub(id: string): Promise<string | undefined> {
        const { status, body } = await this.dps("POST", id, "")
        return status === 200 ? (JSON.parse(body) as { assignedHub?: string }).assignedHub : undefined
    }

    private service(method: string, path: string, body?: string, headers = {}) {
        const { hub, service } = this.ready
        const key = /SharedAccessKey=(.*)$/.exec(service)?.[1] ?? ""
        const token = makeSasToken(key, hub, EXPIRY_SEC, "iothubowner")
        const url = `${path}?api-version=2021-04-12`
        return this.http({ method, host: hub, path: url, authorization: token, body, headers })
    }

    /** Sends a message, and returns whether the hub has accepted it. */
    async sendToDevice(id: string, body: string): Promise<boolean> {
        const to = { "iothub-to": `/devices/${id}/messages/devicebound` }
        return (await this.service("POST", "/messages/devicebound", body, to)).status === 204
    }

    async reported(id: string): Promise<Record<string, unknown>> {
        const { body } = await this.service("GET", `/twins/${id}`)
        return (JSON.parse(body) as { properties: { reported: Record<string, unknown> } }).properties.reported
    }

    /** Connects a device with a persistent session. */
    connect(id: string, options: IClientOptions = {}): MqttClient {
        const { hub, tcpPort } = this.ready
        return mqtt.connect({
            host: "127.0.0.1",
            port: tcpPort,
            clientId: id,
            username: `${hub}/${id}/?api-version=2021-04-12`,
            password: makeSasToken(deriveDeviceKey(GROUP_KEY, id), `${hub}/devices/${id}`, EXPIRY_SEC),
            clean: false,
            reconnectPeriod: 0,
            ...options,
        })
    }
}
