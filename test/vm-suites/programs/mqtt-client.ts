// The program of test/unit/device/mqtt/mqtt-client.test.ts. It runs one scenario after another and logs one line per
// scenario. The client identifier selects the script of the broker (test/helpers/scripted-broker.ts).
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

/** Runs one scenario, logs its outcome, and closes the session. */
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

async function connectOnly(name: string): Promise<void> {
    await run(name, async () => {
        await connectMqtt(options(name))
        return "connected"
    })
}

async function receiveByteByByte(): Promise<string> {
    const kept = await connectMqtt(options("byte-by-byte"))
    const granted = await subscribe("a/#", 1)
    const first = await nextMessage(3000)
    const second = await nextMessage(3000)
    return "kept " + kept + ", granted " + granted + ", " + textOf(first) + ", " + textOf(second)
}

async function publishQos1(): Promise<string> {
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

async function receiveBurst(): Promise<string> {
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
    return count + droppedMessages() - before + " messages"
}

/** Connects to another host. */
async function connectTo(name: string, host: string): Promise<void> {
    await run(name, async () => {
        const other = options(name)
        other.host = host
        await connectMqtt(other)
        return "connected"
    })
}

async function receiveLargePacket(): Promise<string> {
    await connectMqtt(options("large-packet"))
    const message = await nextMessage(3000)
    await publish("up", "small", 1)
    return textOf(message)
}

async function subscribeDenied(): Promise<string> {
    await connectMqtt(options("suback-128"))
    return "granted " + (await subscribe("a/#", 1))
}

async function sendLargePublish(): Promise<string> {
    await connectMqtt(options("large-publish"))
    let kind = -1
    try {
        await publish("up", Buffer.alloc(1300), 1)
    } catch (e) {
        kind = (e as Fault).kind
    }
    await publish("up", "small", 1)
    return "fault " + kind + ", then acknowledged"
}

async function receiveSixMessages(): Promise<string> {
    await connectMqtt(options("six-messages"))
    const before = droppedMessages()
    // The six messages arrive while this call waits for its PUBACK.
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
    for (const name of [
        "refuse1",
        "refuse2",
        "refuse3",
        "refuse4",
        "refuse5",
        "no-connack",
        "publishes-with-connack",
        "closes-before-connack",
    ])
        await connectOnly(name)
    await run("byte-by-byte", receiveByteByByte)
    await run("qos1", publishQos1)
    for (const name of ["puback-lost", "puback-of-other-id", "puback-never", "invalid-packet"])
        await publishTo(name)
    await run("suback-128", subscribeDenied)
    await run("pingresp", idleWithPingresp)
    await run("no-pingresp", idleWithoutPingresp)
    await run("closes-after-connack", idleUntilClosed)
    await run("large-packet", receiveLargePacket)
    await run("large-publish", sendLargePublish)
    await run("six-messages", receiveSixMessages)
    await run("burst", receiveBurst)
    await connectTo("unknown-host", "unknown.test")
    await connectTo("silent-host", "blackhole.test")
    await connectTo("after-silent-host", "broker.test")
    console.log("end")
}

async function publishTo(name: string): Promise<void> {
    await run(name, async () => await publishOnce(name))
}

async function idleWithPingresp(): Promise<string> {
    return await idle("pingresp", 6000)
}

async function idleWithoutPingresp(): Promise<string> {
    return await idle("no-pingresp", 60000)
}

async function idleUntilClosed(): Promise<string> {
    return await idle("closes-after-connack", 60000)
}

await main()
