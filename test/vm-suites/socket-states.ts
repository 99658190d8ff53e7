// The socket adapter inside the VM, over natives that the test plays itself: what the runtime's own would
// do only on bad days.
import * as ds from "@devicescript/core"
import { beforeEach, describe, expect, test } from "@devicescript/test"
import { Fault, FaultKind } from "../../devs/contract/fault"
import { close, connect, isOpen, send, SEND_MAX_BYTES, wait } from "../../devs/socket/socket"

/** What the adapter asked of the runtime, in order. */
let calls: string[] = []
/** What the runtime answers to the writes that follow; 0 when there are no more. */
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

/** As the runtime does: each event in a fiber of its own. */
function happen(event: string, arg: any): void {
    natives._socketOnEvent.start(event, arg)
}

function sink(chunk: Buffer): void {
    if (chunk[0] === 0x21) throw new Fault(FaultKind.Protocol, "!")
    received += chunk.toString()
}

async function later(event: string, arg: any): Promise<void> {
    await ds.sleep(40)
    happen(event, arg)
}

/** The kind of the fault that connect() ends with, or -1. */
async function connectKind(timeoutMs: number): Promise<number> {
    try {
        await connect("h", 1, false, timeoutMs, sink)
    } catch (e) {
        return (e as Fault).kind
    }
    return -1
}

async function sendKind(bytes: Buffer): Promise<number> {
    try {
        await send(bytes)
    } catch (e) {
        return (e as Fault).kind
    }
    return -1
}

async function opened(): Promise<void> {
    later.start("open", undefined)
    await connect("h", 1, false, 1000, sink)
    calls = []
}

describe("socket", () => {
    beforeEach(() => {
        close()
        calls = []
        writeResults = []
        received = ""
        available = true
    })
    test("a negative port asks for TLS", async () => {
        later.start("open", undefined)
        await connect("h", 443, true, 1000, sink)
        expect(calls.join()).toBe("open h:-443")
        expect(isOpen()).toBe(true)
    })
    test("an open that data follows at once is not lost, nor is the data", async () => {
        later.start("open", undefined)
        later.start("data", Buffer.from("a"))
        later.start("data", Buffer.from("b"))
        expect(await connectKind(1000)).toBe(-1)
        await ds.sleep(5)
        expect(received).toBe("ab")
    })
    test("an open that a close follows at once is a failed connect or a closed link", async () => {
        later.start("open", undefined)
        later.start("close", undefined)
        await connectKind(1000)
        await ds.sleep(5)
        expect(isOpen()).toBe(false)
    })
    test("an error while connecting is a Network fault", async () => {
        later.start("error", "can't connect")
        expect(await connectKind(1000)).toBe(FaultKind.Network)
        expect(calls.join()).toBe("open h:1")
    })
    test("no Wi-Fi is told apart", async () => {
        available = false
        expect(await connectKind(1000)).toBe(FaultKind.Offline)
    })
    test("bytes that the runtime lost break the link", async () => {
        await opened()
        happen("data", undefined)
        await ds.sleep(5)
        expect(isOpen()).toBe(false)
        expect(await sendKind(Buffer.from("x"))).toBe(FaultKind.Network)
        expect(calls.join()).toBe("close")
    })
    test("what the reader throws breaks the link and goes no further", async () => {
        await opened()
        happen("data", Buffer.from("!"))
        happen("data", Buffer.from("after"))
        await ds.sleep(5)
        expect(isOpen()).toBe(false)
        expect(received).toBe("")
        expect(await sendKind(Buffer.from("x"))).toBe(FaultKind.Protocol)
    })
    test("a full queue is tried again", async () => {
        await opened()
        writeResults = [-1, -1, -1]
        await send(Buffer.from("x"))
        expect(calls.join()).toBe("write x")
    })
    test("a queue that stays full, and any other error, end the link", async () => {
        await opened()
        for (let i = 0; i < 300; i++) writeResults.push(-1)
        expect(await sendKind(Buffer.from("x"))).toBe(FaultKind.Network)
        expect(calls.join()).toBe("close")
        await opened()
        writeResults = [-10]
        expect(await sendKind(Buffer.from("x"))).toBe(FaultKind.Network)
        expect(isOpen()).toBe(false)
    })
    test("too much at once is refused before it is sent, and the link stays", async () => {
        await opened()
        expect(await sendKind(Buffer.alloc(SEND_MAX_BYTES + 1))).toBe(FaultKind.Rejected)
        expect(calls.length).toBe(0)
        await send(Buffer.from("x"))
        expect(calls.join()).toBe("write x")
    })
    test("a connect that timed out is not closed, and its late open is not the next one's", async () => {
        expect(await connectKind(60)).toBe(FaultKind.Timeout)
        expect(calls.join()).toBe("open h:1")
        // Still unresolved: the next one does not even ask.
        expect(await connectKind(60)).toBe(FaultKind.Timeout)
        expect(calls.join()).toBe("open h:1")
        close()
        expect(calls.join()).toBe("open h:1")
        later.start("open", undefined)
        expect(await connectKind(200)).toBe(FaultKind.Timeout)
        expect(calls.join()).toBe("open h:1,close,open h:1")
        happen("error", "can't connect")
        await ds.sleep(5)
        later.start("open", undefined)
        expect(await connectKind(200)).toBe(-1)
        expect(calls.join()).toBe("open h:1,close,open h:1,open h:1")
    })
    test("what the last link left behind does not touch the next one", async () => {
        await opened()
        // Both under way while the link is closed and opened anew.
        happen("close", undefined)
        happen("data", Buffer.from("old"))
        close()
        later.start("open", undefined)
        expect(await connectKind(1000)).toBe(-1)
        expect(received).toBe("")
    })
    test("waiting ends with the next event", async () => {
        await opened()
        const startMs = ds.millis()
        later.start("data", Buffer.from("x"))
        await wait(5000)
        expect(received).toBe("x")
        expect(ds.millis() - startMs < 4000).toBe(true)
        await wait(0)
        await wait(-1)
    })
})
