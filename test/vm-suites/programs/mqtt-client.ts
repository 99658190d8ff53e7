// Not a test by itself: what a board does in test/unit/device/mqtt/mqtt-client.test.ts, one scenario after another.
// The client identifier tells the broker there which part to play; each line logged is one outcome.
import { Fault } from "../../../devs/contract/fault"
import {
    connectMqtt,
    closeMqtt,
    droppedMessages,
    nextMessage,
    publish,
    type SessionOptions,
    subscribe,
    unsubscribe,
} from "../../../devs/mqtt/mqtt-client"
import type { Message } from "../../../devs/mqtt/mqtt-packet"

function options(clientId: string): SessionOptions {
    return {
        host: "broker.test",
        port: 1883,
        tls: false,
        clientId,
        username: "u",
        password: "p",
        keepAliveSec: 2,
        cleanSession: true,
    }
}

function textOf(message: Message): string {
    return message ? message.topic + "=" + message.payload.length : "none"
}

/** Runs one scenario and logs how it ended; a session that is left open is ended. */
async function run(name: string, act: () => Promise<string>): Promise<void> {
    try {
        const text = await act()
        console.log(name + ": " + text)
    } catch (e) {
        if (e instanceof Fault)
            console.log(name + ": fault " + (e as Fault).kind + " " + (e as Fault).message)
        else console.log(name + ": error " + (e as Error).message)
    }
    await closeMqtt()
}

async function refused(name: string): Promise<void> {
    await run(name, async () => {
        await connectMqtt(options(name))
        return "connected"
    })
}

async function cutToBytes(): Promise<string> {
    const kept = await connectMqtt(options("cut"))
    const granted = await subscribe("a/#", 1)
    const first = await nextMessage(3000)
    const second = await nextMessage(3000)
    return "kept " + kept + ", granted " + granted + ", " + textOf(first) + ", " + textOf(second)
}

async function qos1(): Promise<string> {
    await connectMqtt(options("qos1"))
    await publish("up", "first", 1)
    await publish("up", Buffer.from("second"), 1)
    await publish("up", "third", 0)
    const message = await nextMessage(2000)
    await unsubscribe("a/#")
    return textOf(message) + " id " + message.id
}

async function publishOnce(name: string): Promise<string> {
    await connectMqtt(options(name))
    await publish("up", "x", 1)
    return "acknowledged"
}

async function idle(name: string, ms: number): Promise<string> {
    await connectMqtt(options(name))
    return textOf(await nextMessage(ms))
}

async function burst(): Promise<string> {
    await connectMqtt(options("burst"))
    const before = droppedMessages()
    await publish("go", "", 1)
    let count = 0
    for (;;) {
        const message = await nextMessage(1000)
        if (!message) break
        count++
    }
    await publish("done", "", 1)
    return count + droppedMessages() - before + " came"
}

/** Tries a host that is not there. */
async function connectTo(name: string, host: string): Promise<void> {
    await run(name, async () => {
        const other = options(name)
        other.host = host
        await connectMqtt(other)
        return "connected"
    })
}

async function tooLarge(): Promise<string> {
    await connectMqtt(options("large"))
    const message = await nextMessage(3000)
    await publish("up", "alive", 1)
    return textOf(message)
}

async function denied(): Promise<string> {
    await connectMqtt(options("denied"))
    return "granted " + (await subscribe("a/#", 1))
}

async function sendTooMuch(): Promise<string> {
    await connectMqtt(options("toomuch"))
    let kind = -1
    try {
        await publish("up", Buffer.alloc(1300), 1)
    } catch (e) {
        kind = (e as Fault).kind
    }
    await publish("up", "small", 1)
    return "fault " + kind + ", then acknowledged"
}

async function full(): Promise<string> {
    await connectMqtt(options("full"))
    const before = droppedMessages()
    // The six messages arrive while this waits for its acknowledgement.
    await publish("go", "", 1)
    const topics: string[] = []
    for (;;) {
        const message = await nextMessage(500)
        if (!message) break
        topics.push(message.topic)
    }
    return topics.join(" ") + ", dropped " + (droppedMessages() - before)
}

async function main(): Promise<void> {
    for (const name of ["refuse1", "refuse2", "refuse3", "refuse4", "refuse5", "mute", "eager", "slammed"])
        await refused(name)
    await run("cut", cutToBytes)
    await run("qos1", qos1)
    for (const name of ["ackdropped", "ackstale", "ackless", "garbage"]) await publishTo(name)
    await run("denied", denied)
    await run("alive", idleAlive)
    await run("dead", idleDead)
    await run("lost", idleLost)
    await run("large", tooLarge)
    await run("toomuch", sendTooMuch)
    await run("full", full)
    await run("burst", burst)
    await connectTo("unknown", "unknown.test")
    await connectTo("blackhole", "blackhole.test")
    await connectTo("behind", "broker.test")
    console.log("end")
}

async function publishTo(name: string): Promise<void> {
    await run(name, async () => await publishOnce(name))
}

async function idleAlive(): Promise<string> {
    return await idle("alive", 6000)
}

async function idleDead(): Promise<string> {
    return await idle("dead", 60000)
}

async function idleLost(): Promise<string> {
    return await idle("lost", 60000)
}

await main()
