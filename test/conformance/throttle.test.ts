// Throttling with small quotas and slow operations.
import { afterAll, beforeAll, describe, test } from "vitest"
import { titled, PROVISIONING_TRANSPORTS, register, type RunningCloud, startCloud } from "./sdk.js"

const ONE_IN_TWO_SECONDS = { calls: 1, perSec: 2 }

describe.concurrent.each(titled(PROVISIONING_TRANSPORTS))(
    "azure-iot-provisioning-device / %s",
    (_, transport) => {
        let running: RunningCloud
        beforeAll(async () => {
            running = await startCloud({
                assigningMs: 1500,
                quotas: {
                    dpsRegistrations: ONE_IN_TWO_SECONDS,
                    // An SDK without retries registers again after a 429 to a poll, so it would never finish.
                    ...(transport.retries ? { dpsPollsPerDevice: ONE_IN_TWO_SECONDS } : {}),
                },
            })
        })
        afterAll(() => running.close())

        /** Returns the answers of DPS to one device. */
        const answers = (id: string) =>
            running.cloud.history
                .filter(event => event.id === id && (event.kind === "register" || event.kind === "poll"))
                .map(({ kind, status }) => `${kind} ${status}`)

        test("register two devices concurrently over the quota: 429 with retry-after, then success", async ({
            expect,
        }) => {
            const ids = ["one", "two"]
            const assigned = (id: string) =>
                expect
                    .poll(
                        // Over HTTPS the SDK returns 429 to its caller.
                        () => register(running, id, { transport }).catch((error: Error) => error.name),
                        { interval: 1000, timeout: 20_000 }
                    )
                    .toMatchObject({ status: "assigned" })
            await Promise.all(ids.map(assigned))
            const all = ids.flatMap(answers)
            expect(all).toContain("register 429")
            expect(all).toContain("poll 202")
            expect(all.includes("poll 429")).toBe(transport.retries)
            for (const id of ids) expect(answers(id).at(-1)).toBe("poll 200")
        })
    }
)
