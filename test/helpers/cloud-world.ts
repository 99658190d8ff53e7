// An emulator as a child process with hubs and enrollments, for tests of the fleet commands.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Card } from "../../tools/cli/emulate/connection-card.js"
import { callAdminApi } from "../../tools/cli/fault/admin-client.js"
import { emulate, type Running } from "./command.js"

export const GROUP_KEY = Buffer.alloc(64, 3).toString("base64")
export const HUBS = ["east.azure-devices.net", "west.azure-devices.net"]

const CONFIG = {
    idScope: "0ne00ACME01",
    hubs: HUBS.map(hostName => ({ hostName })),
    enrollmentGroups: [
        { enrollmentGroupId: "line-7", primaryKey: GROUP_KEY },
        { enrollmentGroupId: "line-8", primaryKey: GROUP_KEY, provisioningStatus: "disabled" },
    ],
    enrollments: [
        { registrationId: "golden", primaryKey: GROUP_KEY },
        { registrationId: "old", primaryKey: GROUP_KEY, provisioningStatus: "disabled" },
    ],
    assigningMs: 0,
}

export interface CloudWorld {
    emulator: Running
    card: Card
    /** Path of the connection card, for `--profile`. */
    profile: string
    /** Writes a file in the folder of this world. Returns its path. */
    file(name: string, text: string): string
    /** Returns the path of a file in the folder of this world. */
    path(name: string): string
    /** Sends a request to the admin API and returns its result. */
    admin(method: string, path: string, body?: unknown): Promise<unknown>
    /** Returns the number of requests to the service APIs so far. */
    httpCalls(): Promise<number>
    close(): Promise<void>
}

/** Starts an emulator with two hubs, two groups and two individual enrollments. */
export async function cloudWorld(): Promise<CloudWorld> {
    const dir = mkdtempSync(join(tmpdir(), "moorage-cloud-"))
    const path = (name: string) => join(dir, name)
    const file = (name: string, text: string) => {
        writeFileSync(path(name), text)
        return path(name)
    }
    const config = file("cloud.json", JSON.stringify(CONFIG))
    const { emulator, card } = await emulate("--config", config, "--ca-file", path("ca.pem"), "--log", "off")
    const admin = (method: string, route: string, body?: unknown) =>
        callAdminApi(card.adminUrl ?? "", method, route, body)
    return {
        emulator,
        card,
        profile: file("card.json", JSON.stringify(card)),
        file,
        path,
        admin,
        httpCalls: async () =>
            ((await admin("GET", "/events")) as { kind: string }[]).filter(({ kind }) => kind === "http")
                .length,
        close: async () => {
            await emulator.stop()
            rmSync(dir, { recursive: true, force: true })
        },
    }
}

/** Returns the card with wrong keys of the service APIs. */
export function withWrongKey(card: Card): Card {
    const wrong = (text: string) =>
        text.replace(/SharedAccessKey=.*/, `SharedAccessKey=${Buffer.alloc(32, 9).toString("base64")}`)
    return {
        ...card,
        dps: { ...card.dps, connectionString: wrong(card.dps.connectionString) },
        hubs: card.hubs.map(hub => ({ ...hub, connectionString: wrong(hub.connectionString) })),
    }
}
