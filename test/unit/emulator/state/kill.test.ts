// An emulator that is killed with SIGKILL loses no acknowledged change. KILLS is the number of kills.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { realClock, seededRandom } from "@moorage/runtime"
import { EmulatorProcess } from "../../../helpers/emulator-process.js"

const KILLS = Number(process.env.KILLS ?? 4)
const REPORTER = "reporter"
const RECEIVERS = Array.from({ length: 12 }, (_, n) => `receiver-${n}`)
/** Fewer messages than the queue of one device holds. */
const MESSAGES_EACH = 40

const dir = mkdtempSync(join(tmpdir(), "moorage-kill-"))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The changes that were acknowledged before any kill so far. */
const registered: string[] = []
const reported: Record<string, unknown> = {}
let twinWrites = 0
/** The write that was in progress at the kill. It may be stored or lost. */
let pendingWrite: [key: string, value: string] | undefined

const pause = (ms: number) => new Promise<void>(resolve => realClock.after(ms, resolve))

/** Writes all three kinds concurrently until the emulator is killed. Returns the accepted messages. */
async function load(emulator: EmulatorProcess, life: number): Promise<string[]> {
    const messages: string[] = []
    async function registering(): Promise<void> {
        for (let n = 0; ; n++) {
            const id = `d-${life}-${n}`
            if (await emulator.register(id)) registered.push(id)
        }
    }
    async function sending(): Promise<void> {
        for (let n = 0; n < MESSAGES_EACH; n++)
            for (const receiver of RECEIVERS) {
                const body = `${receiver} ${life}-${n}`
                if (await emulator.sendToDevice(receiver, body)) messages.push(body)
            }
    }
    async function reporting(): Promise<void> {
        const client = emulator.connect(REPORTER)
        client.on("error", () => undefined)
        const next = (event: "message" | "close") =>
            new Promise<string>(resolve => client.once(event, first => resolve(String(first))))
        const closed = next("close").then(() => Promise.reject(new Error("closed")))
        await Promise.race([client.subscribeAsync("$iothub/twin/res/#"), closed])
        for (let n = 0; ; n++) {
            const [key, value] = [`k${n % 20}`, `${life}-${n}`]
            const answered = next("message")
            pendingWrite = [key, value]
            client.publish(
                `$iothub/twin/PATCH/properties/reported/?$rid=${n}`,
                JSON.stringify({ [key]: value })
            )
            const topic = await Promise.race([answered, closed])
            if (topic.startsWith("$iothub/twin/res/204/")) reported[key] = value
            pendingWrite = undefined
            twinWrites++
        }
    }
    // Each loop ends when its connection fails. Only the earlier answers count.
    await Promise.allSettled([registering(), sending(), reporting()])
    return messages
}

/** Receives and acknowledges all queued messages of a receiver. */
async function drain(emulator: EmulatorProcess, receiver: string, expected: string[]): Promise<string[]> {
    const client = emulator.connect(receiver)
    const received: string[] = []
    client.on("message", (_topic, payload) => received.push(payload.toString()))
    await client.subscribeAsync(`devices/${receiver}/messages/devicebound/#`, { qos: 1 })
    const missing = () => expected.filter(message => !received.includes(message))
    await expect.poll(missing, { timeout: 5000 }).toEqual([])
    await client.endAsync()
    return received
}

async function expectTwin(emulator: EmulatorProcess): Promise<void> {
    const twin = await emulator.reported(REPORTER)
    if (pendingWrite && twin[pendingWrite[0]] === pendingWrite[1]) reported[pendingWrite[0]] = pendingWrite[1]
    pendingWrite = undefined
    expect(twin).toMatchObject(reported)
}

const TITLE = `${KILLS} kills lose no acknowledged registration, twin write or C2D message`

test(TITLE, { timeout: 20_000 + KILLS * 10_000 }, async () => {
    const random = seededRandom(11)
    let emulator = await EmulatorProcess.start(dir)
    const devices = [REPORTER, ...RECEIVERS]
    for (const id of devices) await emulator.register(id)
    for (const id of devices) await expect.poll(() => emulator.assignedHub(id)).toBeDefined()
    for (const receiver of RECEIVERS) await drain(emulator, receiver, [])
    let messages = 0
    for (let life = 1; life <= KILLS; life++) {
        const loaded = load(emulator, life)
        await pause(50 + 300 * random.next())
        await emulator.kill()
        const sent = await loaded
        emulator = await EmulatorProcess.start(dir)
        messages += sent.length
        for (const receiver of RECEIVERS)
            await drain(
                emulator,
                receiver,
                sent.filter(message => message.startsWith(`${receiver} `))
            )
        await expectTwin(emulator)
    }
    for (const id of registered) await expect.poll(() => emulator.assignedHub(id)).toBeDefined()
    await emulator.kill()
    console.log(
        `${KILLS} kills: ${registered.length} registrations, ${messages} messages, ${twinWrites} twin writes; 0 lost`
    )
    expect(registered.length).toBeGreaterThan(KILLS)
    expect(messages).toBeGreaterThan(KILLS)
    expect(twinWrites).toBeGreaterThan(0)
})
