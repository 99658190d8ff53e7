// The program of the tests in test/unit/vm. The setting `mode` selects what it does.
import { hmac, randomBuffer } from "@devicescript/crypto"
import * as ds from "@devicescript/core"
import { connect } from "@devicescript/net"
import { readSetting, writeSetting } from "@devicescript/settings"

type Natives = { _socketWrite(bytes: Buffer): number; _socketClose(): number }

interface Peer {
    host: string
    port: number
    proto: "tcp" | "tls"
    timeout?: number
}

const heldBuffers: Buffer[] = []

async function dial() {
    const peer = await readSetting<Peer>("peer")
    return await connect(peer)
}

async function greet() {
    const name = await readSetting("name", "no one")
    console.log(`hello ${name}`, ds.deviceIdentifier("self"))
    console.log(`chance ${randomBuffer(8).toString("hex")} ${Math.random()}`)
}

async function countBoots() {
    const boots = await readSetting("boots", 0)
    await writeSetting("boots", boots + 1)
    console.log(`boot ${boots + 1}`)
}

async function fillHeap() {
    const blocks = await readSetting("blocks", 0)
    for (let i = 0; i < blocks; ++i) heldBuffers.push(Buffer.alloc(1000))
    console.log(`kept ${heldBuffers.length}`)
}

/** Reads to the end of the stream and logs length and first byte of each chunk. */
async function listen() {
    const socket = await dial()
    console.log("open")
    for (;;) {
        const piece = await socket.recv(20000)
        if (!piece) {
            console.log(piece === null ? "closed" : "silence")
            return
        }
        heldBuffers.push(piece)
        console.log(`piece ${piece.length} ${piece[0]}`)
    }
}

async function echo() {
    const socket = await dial()
    console.log("open")
    const piece = await socket.recv(20000)
    await socket.send(piece)
    console.log("echoed")
}

/** Writes without a pause until the socket rejects a write. */
async function flood() {
    const socket = await dial()
    console.log("open")
    await socket.recv(1000)
    for (let i = 0; ; ++i) {
        const result = (ds as any as Natives)._socketWrite(Buffer.alloc(10))
        if (result !== 0) {
            console.log(`write ${i} gave ${result}`)
            return
        }
    }
}

async function sendBig() {
    const socket = await dial()
    const size = await readSetting("size", 0)
    await socket.send(Buffer.alloc(size))
    console.log("sent")
}

/** Sends numbered bytes to an echoing peer and checks each byte of the answer. */
async function pump() {
    const socket = await dial()
    const part = Buffer.alloc(3000)
    for (let i = 0; i < part.length; ++i) part[i] = i % 251
    let back = 0
    for (let round = 0; round < 3; ++round) {
        await socket.send(part)
        const goal = back + part.length
        while (back < goal) {
            const piece = await socket.recv(20000)
            if (!piece) throw new Error(`lost after ${back}`)
            for (let i = 0; i < piece.length; ++i) {
                if (piece[i] !== ((back + i) % part.length) % 251) throw new Error(`wrong byte ${back + i}`)
            }
            back += piece.length
        }
    }
    console.log(`pumped ${back}`)
}

async function tryDial(which: string) {
    try {
        await dial()
        console.log(`${which} open`)
    } catch (e) {
        console.log(`${which} failed: ${(e as Error).message}`)
    }
}

async function dialTwice() {
    await tryDial("first")
    if (await readSetting("close", false)) (ds as any as Natives)._socketClose()
    await tryDial("second")
}

/** Sleeps, then reads a setting from the runtime's settings service. */
async function nap() {
    await ds.sleep(await readSetting("napMs", 1000))
    const name = await readSetting("name", "no one")
    console.log(`woke ${name} at ${ds.millis()}`)
}

function abortRuntime() {
    // A digest that throws does not release its lock, so the next digest aborts the runtime (runtime-facts.md, D12).
    for (let i = 0; i < 2; ++i) {
        try {
            hmac(Buffer.from("key"), "sha256", 5 as any)
        } catch (e) {
            console.log("digest threw")
        }
    }
}

async function act(mode: string) {
    if (mode === "greet") await greet()
    else if (mode === "boots") await countBoots()
    else if (mode === "fillHeap") await fillHeap()
    else if (mode === "listen") await listen()
    else if (mode === "echo") await echo()
    else if (mode === "flood") await flood()
    else if (mode === "pump") await pump()
    else if (mode === "send-big") await sendBig()
    else if (mode === "dial-twice") await dialTwice()
    else if (mode === "throw") throw new Error("as asked")
    else if (mode === "reboot") ds.reboot()
    else if (mode === "restart") ds.restart()
    else if (mode === "nap") await nap()
    else if (mode === "abort") abortRuntime()
}

async function main() {
    const mode = await readSetting("mode", "greet")
    if (mode === "throw") await act(mode)
    try {
        await act(mode)
    } catch (e) {
        console.log(`failed: ${(e as Error).message}`)
    }
}

main.start()
