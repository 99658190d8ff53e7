// The socket adapter inside the VM, with replaced native functions, to test rare events of the runtime.
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import { Fault, FaultKind } from "../../devs/contract/fault"
import { close, connect, isOpen, send, SEND_MAX_BYTES, wait } from "../../devs/socket/socket"

/** The calls of the adapter to the runtime, in order. */
let calls: string[] = []
/** The results of the next writes, last first. Further writes return 0. */
let writeResults: number[] = []
let received = ""
let available = true

const natives = ds as any
natives._socketOpen = (host: string, port: number) => {
    if (!available) throw new RangeError("network not available")
    calls.push("open " + host + ":" + port)
    return 0
}
natives._socketWrite = (bytes: Buffer) => {
    const result = writeResults.length ? writeResults.pop() : 0
    if (!result) calls.push("write " + bytes.toString())
    return result
}
natives._socketClose = () => {
    calls.push("close")
    return 0
}

/** Sends an event in a fiber of its own, as the runtime does. */
function sendEvent(event: string, arg: any): void {
    natives._socketOnEvent.start(event, arg)
}

function readChunk(chunk: Buffer): void {
    if (chunk[0] === 0x21) throw new Fault(FaultKind.Protocol, "!")
    received += chunk.toString()
}

async function sendLater(event: string, arg: any): Promise<void> {
    await ds.sleep(40)
    sendEvent(event, arg)
}

/** Connects. Returns the kind of the fault, or undefined when the connection is open. */
async function connectFault(timeoutMs: number): Promise<FaultKind | undefined> {
    try {
        await connect("h", 1, false, timeoutMs, readChunk)
    } catch (e) {
        return (e as Fault).kind
    }
    return undefined
}

/** Sends. Returns the kind of the fault, or undefined when the bytes were sent. */
async function sendFault(bytes: Buffer): Promise<FaultKind | undefined> {
    try {
        await send(bytes)
    } catch (e) {
        return (e as Fault).kind
    }
    return undefined
}

async function openSocket(): Promise<void> {
    sendLater.start("open", undefined)
    await connect("h", 1, false, 1000, readChunk)
    calls = []
}

describe("the socket adapter", () => {
    beforeEach(() => {
        close()
        calls = []
        writeResults = []
        received = ""
        available = true
    })
    test("passes a negative port for TLS", async () => {
        sendLater.start("open", undefined)
        await connect("h", 443, true, 1000, readChunk)
        expect(calls.join()).toBe("open h:-443")
        expect(isOpen()).toBe(true)
    })
    test("keeps an open event and the data that follow immediately", async () => {
        sendLater.start("open", undefined)
        sendLater.start("data", Buffer.from("a"))
        sendLater.start("data", Buffer.from("b"))
        expect(await connectFault(1000)).toBe(undefined)
        await ds.sleep(5)
        expect(received).toBe("ab")
    })
    test("is closed when a close event follows the open event immediately", async () => {
        sendLater.start("open", undefined)
        sendLater.start("close", undefined)
        await connectFault(1000)
        await ds.sleep(5)
        expect(isOpen()).toBe(false)
    })
    test("reports a Network fault for an error while it connects", async () => {
        sendLater.start("error", "can't connect")
        expect(await connectFault(1000)).toBe(FaultKind.Network)
        expect(calls.join()).toBe("open h:1")
    })
    test("reports an Offline fault without Wi-Fi", async () => {
        available = false
        expect(await connectFault(1000)).toBe(FaultKind.Offline)
    })
    test("closes the connection when the runtime lost bytes", async () => {
        await openSocket()
        sendEvent("data", undefined)
        await ds.sleep(5)
        expect(isOpen()).toBe(false)
        expect(await sendFault(Buffer.from("x"))).toBe(FaultKind.Network)
        expect(calls.join()).toBe("close")
    })
    test("closes the connection when the reader throws, and reads nothing more", async () => {
        await openSocket()
        sendEvent("data", Buffer.from("!"))
        sendEvent("data", Buffer.from("after"))
        await ds.sleep(5)
        expect(isOpen()).toBe(false)
        expect(received).toBe("")
        expect(await sendFault(Buffer.from("x"))).toBe(FaultKind.Protocol)
    })
    test("repeats a write while the queue is full", async () => {
        await openSocket()
        writeResults = [-1, -1, -1]
        await send(Buffer.from("x"))
        expect(calls.join()).toBe("write x")
    })
    test("closes the connection when the queue stays full or a write fails", async () => {
        await openSocket()
        for (let i = 0; i < 300; i++) writeResults.push(-1)
        expect(await sendFault(Buffer.from("x"))).toBe(FaultKind.Network)
        expect(calls.join()).toBe("close")
        await openSocket()
        writeResults = [-10]
        expect(await sendFault(Buffer.from("x"))).toBe(FaultKind.Network)
        expect(isOpen()).toBe(false)
    })
    test("rejects a write that is too large and keeps the connection", async () => {
        await openSocket()
        expect(await sendFault(Buffer.alloc(SEND_MAX_BYTES + 1))).toBe(FaultKind.Rejected)
        expect(calls.length).toBe(0)
        await send(Buffer.from("x"))
        expect(calls.join()).toBe("write x")
    })
    test("ignores the late open event of a connection that timed out", async () => {
        expect(await connectFault(60)).toBe(FaultKind.Timeout)
        expect(calls.join()).toBe("open h:1")
        // The first attempt is still pending, so the second attempt does not call the runtime.
        expect(await connectFault(60)).toBe(FaultKind.Timeout)
        expect(calls.join()).toBe("open h:1")
        close()
        expect(calls.join()).toBe("open h:1")
        sendLater.start("open", undefined)
        expect(await connectFault(200)).toBe(FaultKind.Timeout)
        expect(calls.join()).toBe("open h:1,close,open h:1")
        sendEvent("error", "can't connect")
        await ds.sleep(5)
        sendLater.start("open", undefined)
        expect(await connectFault(200)).toBe(undefined)
        expect(calls.join()).toBe("open h:1,close,open h:1,open h:1")
    })
    test("ignores late events of the previous connection", async () => {
        await openSocket()
        // Both events are pending while the connection is closed and opened again.
        sendEvent("close", undefined)
        sendEvent("data", Buffer.from("old"))
        close()
        sendLater.start("open", undefined)
        expect(await connectFault(1000)).toBe(undefined)
        expect(received).toBe("")
    })
    test("ends a wait at the next event", async () => {
        await openSocket()
        const startMs = ds.millis()
        sendLater.start("data", Buffer.from("x"))
        await wait(5000)
        expect(received).toBe("x")
        expect(ds.millis() - startMs < 4000).toBe(true)
        await wait(0)
        await wait(-1)
    })
})
